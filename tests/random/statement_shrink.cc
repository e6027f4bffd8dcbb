#include <algorithm>
#include <functional>

#include "tests/random/statement_player.h"
#include "tests/random/statement_values.h"

namespace memkv::test {
namespace {

class Shrinker {
 public:
  Shrinker(const Case& c, const std::string& kind) : best_(c), kind_(kind) {}

  Case Run() {
    for (bool again = true; again && runs_ < kMostRuns;) {
      again = false;
      again |= Steps();
      again |= Surroundings();
      again |= Columns();
      again |= Statements();
    }
    return best_;
  }

 private:
  static constexpr int kMostRuns = 20000;

  // Takes `c` if it fails in the same manner.
  bool Try(const Case& c) {
    if (++runs_ > kMostRuns) return false;
    const Played played = Play(c);
    if (!played.failure || played.failure->kind != kind_ || Ambiguous(c, *played.failure))
      return false;
    best_ = c;
    best_.steps.resize(std::min(best_.steps.size(), played.failure->step + 1));
    return true;
  }

  // Leaves out steps, many at once first.
  bool Steps() {
    bool any = false;
    for (size_t n = best_.steps.size(); n > 0; n /= 2) {
      for (size_t i = 0; i + n <= best_.steps.size();) {
        Case less = best_;
        const auto from = less.steps.begin() + static_cast<ptrdiff_t>(i);
        less.steps.erase(from, from + static_cast<ptrdiff_t>(n));
        if (Try(less)) {
          any = true;
        } else {
          ++i;
        }
      }
    }
    return any;
  }

  bool Change(const std::function<void(Case*)>& change) {
    Case less = best_;
    change(&less);
    return Try(less);
  }

  // The plainer way, database and regexp().
  bool Surroundings() {
    bool any = false;
    if (best_.way != Case::kNeverFrozen)
      any |= Change([](Case* c) { c->way = Case::kNeverFrozen; });
    if (best_.disconnect != Case::kReset)
      any |= Change([](Case* c) { c->disconnect = Case::kReset; });
    if (best_.file) {
      any |= Change([](Case* c) {
        c->file = false;
        for (Step& step : c->steps) step.connection = 0;
      });
    }
    for (size_t i = 0; i < best_.steps.size(); ++i) {
      if (best_.steps[i].connection != 0)
        any |= Change([&](Case* c) { c->steps[i].connection = 0; });
    }
    if (best_.durable) any |= Change([](Case* c) { c->durable = false; });
    if (best_.case_sensitive_like) any |= Change([](Case* c) { c->case_sensitive_like = false; });
    if (best_.regexp != Regexp::kPlain) any |= Change([](Case* c) { c->regexp = Regexp::kPlain; });
    for (size_t i = 0; i < best_.tables.size(); ++i) {
      if (best_.tables[i].memkv) any |= Change([&](Case* c) { c->tables[i].memkv = false; });
      if (best_.tables[i].schema != "main")
        any |= Change([&](Case* c) { c->tables[i].schema = "main"; });
    }
    for (size_t i = best_.tables.size(); i-- > 0;)
      any |=
          Change([&](Case* c) { c->tables.erase(c->tables.begin() + static_cast<ptrdiff_t>(i)); });
    return any;
  }

  bool Columns() {
    bool any = false;
    for (size_t t = 0; t < best_.tables.size(); ++t) {
      for (size_t i = best_.tables[t].indexes.size(); i-- > 0;) {
        any |= Change([&](Case* c) {
          c->tables[t].indexes.erase(c->tables[t].indexes.begin() + static_cast<ptrdiff_t>(i));
        });
      }
      if (best_.tables[t].key_columns > 1)
        any |= Change([&](Case* c) { --c->tables[t].key_columns; });
      for (size_t i = 0; i < best_.tables[t].columns.size(); ++i) {
        const Column column = best_.tables[t].columns[i];
        auto change = [&](const std::function<void(Column*)>& make) {
          any |= Change([&](Case* c) { make(&c->tables[t].columns[i]); });
        };
        if (column.indexed) change([](Column* c) { c->indexed = false; });
        if (column.not_null) change([](Column* c) { c->not_null = false; });
        if (column.type != "") change([](Column* c) { c->type = ""; });
        if (column.type != "" && column.type != "TEXT") change([](Column* c) { c->type = "TEXT"; });
      }
    }
    return any;
  }

  bool Statements() {
    bool any = false;
    for (size_t i = 0; i < best_.steps.size(); ++i) {
      any |= Literals(i);
      for (bool again = true; again;) {
        again = false;
        for (Sql& sql : best_.steps[i].sql.Smaller()) {
          again = Change([&](Case* c) { c->steps[i].sql = std::move(sql); });
          any |= again;
          if (again || i >= best_.steps.size()) break;
        }
        if (i >= best_.steps.size()) return any;
      }
    }
    return any;
  }

  // Literals for the parameters of a statement that runs once.
  bool Literals(size_t i) {
    bool any = false;
    for (size_t n = 0; n < best_.steps[i].parameters.size(); ++n) {
      const std::string name = "?" + std::to_string(n + 1);
      if (best_.steps[i].Text(For::kMemkv).find(name) == std::string::npos) continue;
      any |= Change([&](Case* c) {
        Step& step = c->steps[i];
        step.sql = step.sql.WithLiteral(static_cast<int>(n) + 1, Literal(step.parameters[n]));
      });
    }
    return any;
  }

  Case best_;
  const std::string kind_;
  int runs_ = 0;
};

}  // namespace

Case Shrunk(const Case& c, const Failure& failure) { return Shrinker(c, failure.kind).Run(); }

}  // namespace memkv::test
