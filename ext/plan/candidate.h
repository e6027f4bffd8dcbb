// Candidate: the plan of a query over one index, and what it can do with the query's constraints.

#ifndef MEMKV_EXT_PLAN_CANDIDATE_H_
#define MEMKV_EXT_PLAN_CANDIDATE_H_

#include <optional>
#include <vector>

#include "ext/plan/index_codec.h"
#include "ext/plan/query.h"
#include "ext/plan/surroundings.h"

namespace memkv::sql {

class Candidate {
 public:
  // `index`: as Surroundings numbers them.
  Candidate(const Query& query, Surroundings& around, size_t index);

  // None where nothing is asked of the index, other than of key order. `key_rows`: about how many
  // rows key order's own plan leaves.
  std::optional<Answer> Choose(double key_rows);

 private:
  // A column of the index: the first, or a later one among the rows with one value of each before.
  struct Part {
    size_t column;
    uint16_t number;
    Affinity affinity;
    bool may_omit;      // what is exact of this part is exact of the walk
    bool is_key, last;  // of a key column, which is never NULL; the key's last
  };

  const Constraint& At(size_t i) const { return query_.constraints[i]; }
  bool IsLookup() const;
  bool ReadsRank() const;
  bool IsClaimed(size_t i) const;
  bool Claim(size_t i, Term term, bool omit);
  void ClaimBound(size_t i, bool omit);

  Part PartAt(size_t number) const;
  // Whether the part has one value then, so that the next narrows too.
  bool TakePart(const Part& part);
  bool TakeRank(size_t i);
  bool TakeComparison(const Part& part, size_t i);
  bool TakeEqual(const Part& part, size_t i);
  bool TakeFoldedEqual(const Part& part, size_t i);
  bool TakeNull(const Part& part, size_t i);
  // A function of the column that may stand in an ON.
  bool TakeFunction(const Part& part, size_t i);

  // candidate_patterns.cc
  void TakePatterns(const Part& part);
  bool TakeWithBounds(const Part& part, size_t i);
  void TakeEscaped(const Part& part);
  bool FindBounds(const Part& part, Bytes prefix, Collation collation, size_t* lo,
                  size_t* hi) const;
  bool IsPattern(const Part& part, size_t i) const;
  bool GainsNothing(const Part& part, size_t i) const;
  bool IsBound(const Part& part, size_t i) const;
  bool IsToBeChecked(bool folds) const;
  void CheckSkippedPattern();
  bool MayBeBoundOfPattern(size_t i) const;
  bool OnTermsMayBeTaken();

  bool IsFixed(size_t column) const;
  // Whether the walk is as order_by asks.
  bool Sort();
  void TakeDistinct();
  void TakeOffset();

  // candidate_rows.cc
  void Estimate(double key_rows);
  double EstimatedRows() const;
  double AllRows() const;
  double Guess(const Term& term, double rows) const;
  double ShareOfValue(size_t part) const;
  std::optional<KeyRange> KnownRange(const Term& term, const Datum& v) const;
  const IndexCodec& CodecOf(size_t part) const {
    return part + 1 == parts_.size() ? kKeyCodec : kValueCodec;
  }
  double Visited(double key_rows) const;

  const Query& query_;
  Surroundings& around_;
  const Schema& schema_;
  const size_t index_;
  std::vector<size_t> parts_;  // the index's columns, those of the key last
  size_t own_parts_ = 0;       // how many come before the key's
  size_t rank_column_ = 0;     // the rank in this index

  Answer answer_;
  std::vector<size_t> bounds_;    // constraints that say nothing new
  std::vector<size_t> folding_;   // a folding pattern that SQLite is not to check, and its bounds
  std::optional<bool> may_take_;  // OnTermsMayBeTaken(), once asked
  bool has_pattern_ = false;      // a walk follows one pattern
  bool unclaimed_ = false;        // some constraint is left to SQLite
  bool checked_ = false;          // some claimed constraint is checked again by SQLite
  bool row_value_ = false;        // so may be one that was claimed with omit
  bool in_ = false;               // a list's values, at once or one by one
  bool rank_equal_ = false;       // the rank is one
  // Of the parts from the first on: is equal to something, which leaves one value for certain, so
  // that SQLite need not check that.
  struct Fixed {
    bool equal = false, exact = false;
  };
  std::vector<Fixed> fixed_;
};

// What every row of a walk is known to satisfy need not be checked again. Whether `column op v` is
// exact, v being what is known of the right-hand side when a statement is prepared.
bool EqualityIsExact(Affinity affinity, const std::optional<Datum>& v);
bool RangeIsExact(Affinity affinity, const std::optional<Datum>& v);

}  // namespace memkv::sql

#endif  // MEMKV_EXT_PLAN_CANDIDATE_H_
