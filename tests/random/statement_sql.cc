#include "tests/random/statement_sql.h"

#include <cstddef>

namespace memkv::test {

Sql Sql::Of(Sort sort, std::vector<Sql> parts) {
  Sql sql;
  sql.sort_ = sort;
  sql.parts_ = std::move(parts);
  return sql;
}

Sql Sql::List(std::string before, std::string between, size_t least, std::vector<Sql> parts) {
  Sql sql;
  sql.list_ = true;
  sql.least_ = least;
  sql.text_ = std::move(before);
  sql.other_ = std::move(between);
  sql.parts_ = std::move(parts);
  return sql;
}

Sql Sql::Sided(Sort sort, std::string memkv, std::string twin) {
  Sql sql;
  sql.sort_ = sort;
  sql.sided_ = true;
  sql.text_ = std::move(memkv);
  sql.other_ = std::move(twin);
  return sql;
}

Sql Sql::Parameter(int n) {
  Sql sql("?" + std::to_string(n));
  sql.sort_ = kValue;
  sql.parameter_ = n;
  return sql;
}

std::string Sql::Text(For side) const {
  std::string out;
  Append(side, &out);
  return out;
}

void Sql::Append(For side, std::string* out) const {
  if (list_ && parts_.empty()) return;
  *out += sided_ && side == For::kTwin ? other_ : text_;
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (list_ && i > 0) *out += other_;
    parts_[i].Append(side, out);
  }
}

void Sql::Nearest(Sort sort, std::vector<const Sql*>* out) const {
  for (const Sql& part : parts_) {
    if (part.sort_ == sort) {
      out->push_back(&part);
    } else {
      part.Nearest(sort, out);
    }
  }
}

std::vector<Sql> Sql::Smaller() const {
  std::vector<Sql> out;
  if (list_ && parts_.size() > least_) {
    if (least_ == 0 && parts_.size() > 1) {
      out.push_back(*this);
      out.back().parts_.clear();
    }
    for (size_t i = 0; i < parts_.size(); ++i) {
      out.push_back(*this);
      out.back().parts_.erase(out.back().parts_.begin() + static_cast<ptrdiff_t>(i));
    }
  }
  if (sort_ != kPart && !parts_.empty()) {
    std::vector<const Sql*> inner;
    Nearest(sort_, &inner);
    for (const Sql* part : inner) out.push_back(*part);
    if (sort_ != kSelect) {
      for (const char* plain : {"1", "NULL", "key"}) out.push_back(Of(sort_, {plain}));
    }
    // One leaf of such a sort is as small as it gets.
    if (parts_.size() == 1 && inner.empty() && parts_[0].parts_.empty()) out.clear();
  }
  for (size_t i = 0; i < parts_.size(); ++i) {
    for (Sql& smaller : parts_[i].Smaller()) {
      out.push_back(*this);
      out.back().parts_[i] = std::move(smaller);
    }
  }
  return out;
}

Sql Sql::WithLiteral(int n, const std::string& literal) const {
  if (parameter_ == n) return Of(kValue, {literal});
  Sql out = *this;
  for (Sql& part : out.parts_) part = part.WithLiteral(n, literal);
  return out;
}

}  // namespace memkv::test
