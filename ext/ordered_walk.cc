#include "ext/ordered_walk.h"

#include <algorithm>

#include "core/order_key.h"
#include "ext/affinity.h"
#include "ext/compared_range.h"
#include "ext/rank_range.h"
#include "ext/sqlite.h"
#include "ext/table.h"

namespace memkv::sql {
namespace {

uint64_t RankOf(const OrderView& order, Bytes order_key) {
  uint64_t rank;
  Check(order.Rank(order_key, &rank));
  return rank;
}

// The rows whose value the term lets through, or more of them where SQLite checks again.
KeyRange RangeOf(const Term& term, sqlite3_value* value, Affinity affinity, const OrderView& order,
                 const std::function<void()>& in_doubt) {
  if (term.op == Term::kIsNull) return NullOrderRange();
  if (term.op == Term::kNotNull) return NotNullOrderRange();
  if (sqlite3_value_type(value) == SQLITE_NULL)
    return term.op == Term::kIs ? NullOrderRange() : KeyRange::None();
  const auto has_keys = [&order](const KeyRange& r) {
    return RankOf(order, r.lo) < (r.hi ? RankOf(order, *r.hi) : order.size());
  };
  return ComparedRange(term.op, value, affinity, &OrderRange, has_keys, in_doubt)
      .value_or(KeyRange::All());
}

}  // namespace

std::unique_ptr<OrderedWalk> OrderedWalk::Start(MemkvTable& table, const View& view,
                                                const Plan& plan, std::span<sqlite3_value*> args,
                                                uint64_t skip,
                                                const std::function<bool(const Term&)>& narrows,
                                                const std::function<void()>& in_doubt) {
  const Schema& schema = table.state().schema;
  size_t column = 0, which = 0;
  for (; column < schema.columns.size() && schema.columns[column].name != plan.by; ++column)
    which += schema.columns[column].indexed;
  if (column == schema.columns.size() || !schema.columns[column].indexed)
    Check(Status::Invalid("no order by " + Shown(plan.by)));
  const OrderView order = view.Order(which);
  KeyRange values;
  RankRange ranks;
  for (size_t i = 0; i < plan.terms.size(); ++i) {
    const Term& term = plan.terms[i];
    if (!narrows(term)) continue;
    if (term.target == Term::kValueRank) {
      if (sqlite3_value_type(args[i]) == SQLITE_NULL) return nullptr;
      ranks.Narrow(term.op, Converted::Compared(args[i], Affinity::kInteger).datum());
    } else {
      values = Intersect(std::move(values),
                         RangeOf(term, args[i], schema.columns[column].affinity, order, in_doubt));
    }
  }
  return Within(view, which, plan.descending, std::move(values), ranks, skip);
}

std::unique_ptr<OrderedWalk> OrderedWalk::Again(const View& view, Bytes index_key) const {
  const std::string key(index_key);
  const KeyRange rest = descending_ ? KeyRange{"", key + '\0'} : KeyRange{key, std::nullopt};
  return Within(view, order_, descending_, Intersect(values_, rest), ranks_, 0);
}

std::unique_ptr<OrderedWalk> OrderedWalk::Within(const View& view, size_t which, bool descending,
                                                 KeyRange values, RankRange ranks, uint64_t skip) {
  if (ranks.nothing || values.empty()) return nullptr;
  std::unique_ptr<OrderedWalk> walk(new OrderedWalk(view, which, descending));
  const OrderView& order = walk->rows_.cursor().view();
  uint64_t first = values.lo.empty() ? 0 : RankOf(order, values.lo);
  uint64_t end = values.hi ? RankOf(order, *values.hi) : order.size();
  first = std::max(first, ranks.first);
  end = std::min(end, ranks.end);
  if (first >= end || skip >= end - first) return nullptr;
  walk->left_ = end - first - skip;
  walk->rank_ = descending ? end - 1 - skip : first + skip;
  walk->values_ = std::move(values);
  walk->ranks_ = ranks;
  OrderCursor& cursor = walk->rows_.cursor();
  if (walk->rank_ == 0) {
    cursor.SeekFirst();
  } else if (walk->rank_ + 1 == order.size()) {
    cursor.SeekLast();
  } else {
    cursor.SeekRank(walk->rank_);
  }
  if (!cursor.Valid()) {
    Check(cursor.status());
    Check(Status::Corrupt("rows of a second order end before their count"));
  }
  return walk;
}

void OrderedWalk::CatchUp() {
  constexpr uint64_t kFewSteps = 16;
  if (lag_ == 0) return;
  OrderCursor& cursor = rows_.cursor();
  if (lag_ > kFewSteps) {
    cursor.SeekRank(rank_);
  } else {
    for (; lag_ > 0 && cursor.Valid(); --lag_) descending_ ? cursor.Prev() : cursor.Next();
  }
  lag_ = 0;
  if (cursor.Valid()) return;
  Check(cursor.status());
  Check(Status::Corrupt("rows of a second order end before their count"));
}

Bytes OrderedWalk::Key() {
  CatchUp();
  Bytes key;
  Check(rows_.Key(&key));
  return key;
}

Bytes OrderedWalk::IndexKey() {
  CatchUp();
  return rows_.cursor().key();
}

RowRef OrderedWalk::Row() {
  CatchUp();
  RowRef row;
  Check(rows_.Row(&row));
  return row;
}

}  // namespace memkv::sql
