// Patterns and texts that are not well-formed UTF-8: SQLite reads any bytes as characters, several
// byte sequences as U+FFFD, and older versions take the bytes before the first wildcard for bounds.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/sql/db.h"

namespace memkv::test {
namespace {

using namespace std::string_literals;

const std::vector<std::string> kTexts = {"",
                                         "a",
                                         "A",
                                         "ab",
                                         "\xc3",
                                         "a\xc3",
                                         "A\xc3",
                                         "a\xc3z",
                                         "a\xe2\x82",
                                         "a\xef\xbf\xbd",
                                         "a\xef\xbf\xbdz",
                                         "\xef\xbf\xbd",
                                         "\xef\xbf\xbe",
                                         "a\xc3\xa9",
                                         "A\xc3\xa9",
                                         "a\xed\xa0\x80",
                                         "a\xff",
                                         "\xff",
                                         "a\xc0\x80",
                                         "a\0b"s,
                                         "a\xc3\0"s,
                                         "5\0x"s,
                                         "5"};

// A memkv table beside one without any index, whose every row SQLite compares with the pattern.
class Sides {
 public:
  explicit Sides(const std::string& type) : twin_(":memory:", Load::kNothing) {
    memkv_.Exec("CREATE VIRTUAL TABLE t USING memkv(key " + type + " PRIMARY KEY, a " + type +
                " INDEXED)");
    twin_.Exec("CREATE TABLE t(key " + type + " NOT NULL, a " + type + ")");
    for (size_t i = 0; i < kTexts.size(); ++i) {
      for (const Cell& key : {TextCell(kTexts[i]), BlobCell(kTexts[i])}) {
        for (Db* db : {&memkv_, &twin_})
          db->Run("INSERT INTO t SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM t WHERE key = ?1)",
                  {key, TextCell(kTexts[(i * 5 + 2) % kTexts.size()])});
      }
    }
  }

  void Run() {
    for (const std::string& start : kTexts) {
      for (const std::string& end : {""s, "%"s, "_"s, "%z"s, "*"s, "?"s, "*z"s}) {
        const Cell pattern = TextCell(start + end);
        const std::string literal = Literal(start + end);
        for (const std::string column : {"key", "a"}) {
          for (const std::string test : {" LIKE ?1", " LIKE ?1 ESCAPE '!'", " GLOB ?1"}) {
            const std::string sql = "SELECT key, a FROM t WHERE " + column + test;
            const std::string order = " ORDER BY key, a";
            Same(sql + order, {pattern});
            if (literal.empty()) continue;
            std::string written = sql;
            written.replace(written.find("?1"), 2, literal);
            Same(written + order, {});
          }
        }
      }
    }
  }

  void Both(const std::string& sql) {
    memkv_.Exec(sql);
    twin_.Exec(sql);
  }
  bool ok() const { return failures_ == 0; }
  void Freeze() { memkv_.Exec("SELECT memkv_freeze('t')"); }

 private:
  // '' where SQL text cannot say it.
  static std::string Literal(const std::string& text) {
    return text.find('\0') == std::string::npos ? "'" + text + "'" : "";
  }

  void Same(const std::string& sql, const Row& parameters) {
    const Result ours = memkv_.Run(sql, parameters), theirs = twin_.Run(sql, parameters);
    if (ours == theirs || ++failures_ > 5) return;
    FAIL_CHECK(sql << " " << Show({parameters}) << "\n  memkv: " << ours.ToString()
                   << "\n  twin:  " << theirs.ToString());
  }

  Db memkv_, twin_;
  int failures_ = 0;
};

}  // namespace

TEST_CASE("patterns of any bytes match the keys that SQLite matches") {
  for (const std::string type : {"TEXT", "", "BLOB", "NUMERIC"}) {
    CAPTURE(type);
    Sides sides(type);
    for (const std::string sensitive : {"0", "1"}) {
      CAPTURE(sensitive);
      sides.Both("PRAGMA case_sensitive_like = " + sensitive);
      sides.Run();
      sides.Freeze();
      sides.Run();
    }
    CHECK(sides.ok());
  }
}

}  // namespace memkv::test
