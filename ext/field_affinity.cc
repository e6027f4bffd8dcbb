#include "ext/field_affinity.h"

#include <new>

namespace memkv::sql {

sqlite3_value* FieldAffinity::Evaluate(std::unique_ptr<Statement>* statement, const char* sql,
                                       const Datum& a, const Datum* b) {
  if (!*statement) *statement = std::make_unique<Statement>(db_, sql);
  Statement& s = **statement;
  s.Bind(1, a);
  if (b) s.Bind(2, *b);
  s.Step();
  value_.reset(sqlite3_value_dup(s.Value(0)));
  s.Reset();
  if (!value_) throw std::bad_alloc();
  return value_.get();
}

Datum FieldAffinity::Convert(const Datum& v, Affinity affinity,
                             Converted (*convert)(sqlite3_value*, Affinity)) {
  const bool number = v.kind == Datum::kInteger || v.kind == Datum::kReal;
  const bool text = v.kind == Datum::kText;
  if (affinity == Affinity::kNone || (affinity == Affinity::kText ? !number : !number && !text))
    return v;
  converted_.emplace(convert(Evaluate(&echo_, "SELECT ?1", v, nullptr), affinity));
  return converted_->datum();
}

Datum FieldAffinity::Sum(const Datum& left, const Datum& right) {
  int64_t sum;
  if (left.kind == Datum::kInteger && right.kind == Datum::kInteger &&
      !__builtin_add_overflow(left.integer, right.integer, &sum)) {
    return Datum::Integer(sum);
  }
  return ToDatum(Evaluate(&sum_, "SELECT ?1 + ?2", left, &right));
}

}  // namespace memkv::sql
