// SQL as a tree, so that a statement that shows a failure can be cut down part by part.

#ifndef MEMKV_TESTS_RANDOM_STATEMENT_SQL_H_
#define MEMKV_TESTS_RANDOM_STATEMENT_SQL_H_

#include <string>
#include <utility>
#include <vector>

namespace memkv::test {

// Which of the two databases the text is for.
enum class For { kMemkv, kTwin };

class Sql {
 public:
  // A part may take the place of another of its sort; kPart has no such place.
  enum Sort { kPart, kValue, kCondition, kSelect };

  Sql() = default;
  Sql(const char* text) : text_(text) {}
  Sql(std::string text) : text_(std::move(text)) {}

  // The parts, one after the other.
  static Sql Of(Sort sort, std::vector<Sql> parts);
  // before, part, between, part, ...; nothing at all where no part is left. Parts may be left out
  // as long as `least` remain.
  static Sql List(std::string before, std::string between, size_t least, std::vector<Sql> parts);
  static Sql Optional(Sql part) { return List("", "", 0, {std::move(part)}); }
  // What is written differently on the two sides.
  static Sql Sided(Sort sort, std::string memkv, std::string twin);
  // ?n
  static Sql Parameter(int n);

  std::string Text(For side) const;
  bool empty() const { return text_.empty() && parts_.empty(); }

  // All trees that are one cut smaller: without an element of a list, or with a part in the place
  // of the one around it.
  std::vector<Sql> Smaller() const;
  // The tree with `literal` for the parameter n.
  Sql WithLiteral(int n, const std::string& literal) const;

 private:
  void Append(For side, std::string* out) const;
  // The parts of this sort that lie in no other part of it.
  void Nearest(Sort sort, std::vector<const Sql*>* out) const;

  Sort sort_ = kPart;
  bool list_ = false, sided_ = false;
  size_t least_ = 0;
  int parameter_ = 0;
  std::string text_;   // a leaf's; the memkv side's; what stands before a list
  std::string other_;  // the twin's; what stands between the elements of a list
  std::vector<Sql> parts_;
};

// Sql::Of(sort, {parts...})
template <class... T>
Sql Parts(Sql::Sort sort, T&&... parts) {
  std::vector<Sql> all;
  all.reserve(sizeof...(parts));
  (all.emplace_back(std::forward<T>(parts)), ...);
  return Sql::Of(sort, std::move(all));
}
template <class... T>
Sql Value(T&&... parts) {
  return Parts(Sql::kValue, std::forward<T>(parts)...);
}
template <class... T>
Sql Condition(T&&... parts) {
  return Parts(Sql::kCondition, std::forward<T>(parts)...);
}

}  // namespace memkv::test

#endif  // MEMKV_TESTS_RANDOM_STATEMENT_SQL_H_
