#include "ext/args.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "core/bytes.h"
#include "ext/sqlite.h"

namespace memkv::sql {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

bool IsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || static_cast<unsigned char>(c) >= 0x80;
}

[[noreturn]] void Fail(const std::string& message) {
  throw SqlError(SQLITE_ERROR, "memkv: " + message);
}

// Cuts one argument into SQL tokens.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : rest_(text) {}

  struct Token {
    std::string text;      // without its quotes
    char quote = 0;        // " ' ` [ or 0
    bool word = false;     // a bare word, an identifier or a keyword
    std::string_view raw;  // as written
  };

  std::optional<Token> Next() {
    SkipSpace();
    if (rest_.empty()) return std::nullopt;
    Token t;
    const char c = rest_[0];
    size_t n = 1;
    if (c == '"' || c == '\'' || c == '`' || c == '[') {
      const char close = c == '[' ? ']' : c;
      t.quote = c;
      for (;; ++n) {
        if (n >= rest_.size()) Fail("unterminated " + std::string(1, c) + " in " + Shown(rest_));
        if (rest_[n] != close) {
          t.text += rest_[n];
        } else if (close != ']' && n + 1 < rest_.size() && rest_[n + 1] == close) {
          t.text += rest_[n++];
        } else {
          ++n;
          break;
        }
      }
    } else if (c == '(') {
      int depth = 0;
      for (n = 0; n < rest_.size(); ++n) {
        depth += rest_[n] == '(' ? 1 : rest_[n] == ')' ? -1 : 0;
        if (depth == 0) break;
      }
      n = std::min(n + 1, rest_.size());
      t.text = rest_.substr(0, n);
    } else {
      while (IsWord(c) && n < rest_.size() && IsWord(rest_[n])) ++n;
      t.word = IsWord(c);
      t.text = rest_.substr(0, n);
    }
    t.raw = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return t;
  }

  std::string_view Rest() {
    SkipSpace();
    return rest_;
  }

 private:
  void SkipSpace() {
    for (;;) {
      while (!rest_.empty() && IsSpace(rest_[0])) rest_.remove_prefix(1);
      if (rest_.starts_with("--")) {
        rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
      } else if (rest_.starts_with("/*")) {
        const size_t end = rest_.find("*/", 2);
        rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 2);
      } else {
        return;
      }
    }
  }

  std::string_view rest_;
};

bool Is(const Tokens::Token& t, std::string_view keyword) {
  return t.word && SameName(t.text, keyword);
}

constexpr std::string_view kColumnTakes =
    " (a column takes a type, PRIMARY KEY, NOT NULL, INDEXED)";
constexpr std::string_view kRefused[] = {"AS",         "AUTOINCREMENT", "CHECK",      "COLLATE",
                                         "CONSTRAINT", "DEFAULT",       "DESC",       "FOREIGN",
                                         "GENERATED",  "HIDDEN",        "REFERENCES", "UNIQUE"};

// 'off', '64MB' (also kB, GB, or plain bytes) or '10%'.
bool ParseDeltaLimit(std::string_view text, std::optional<DeltaLimit>* limit) {
  if (SameName(text, "off")) {
    limit->reset();
    return true;
  }
  size_t digits = 0;
  double number = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9')
    number = 10 * number + (text[digits++] - '0');
  std::string_view unit = text.substr(digits);
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  if (digits == 0 || digits > 12) return false;
  if (unit == "%") {
    if (number < 1 || number > 1000) return false;
    *limit = DeltaLimit{.operations_per_key = number / 100};
    return true;
  }
  constexpr std::pair<std::string_view, double> kUnits[] = {
      {"", 1}, {"b", 1}, {"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}};
  for (const auto& [name, bytes] : kUnits) {
    if (!SameName(unit, name)) continue;
    *limit =
        DeltaLimit{.log_bytes = static_cast<uint64_t>(number * bytes), .operations_per_key = 0};
    return true;
  }
  return false;
}

void ParseOption(const std::string& name, std::string_view value, bool files, Schema* schema) {
  Tokens tokens(value);
  const std::optional<Tokens::Token> t = tokens.Next();
  const std::string given = t ? t->text : std::string();
  const bool single = t && tokens.Rest().empty();
  const std::string shown = (given.empty() ? "" : ' ' + ShownBare(Trimmed(value)));
  const std::tuple<const char*, bool*, bool*> switches[] = {
      {"background", &schema->background_given, &schema->background},
      {"durable", &schema->durable_given, &schema->durable}};
  for (const auto& [known, is_given, on] : switches) {
    if (!SameName(name, known)) continue;
    if (!single || !(SameName(given, "on") || SameName(given, "off")))
      Fail(std::string(known) + " =" + shown + " (allowed: on, off)");
    if (*is_given) Fail("option " + Shown(known) + " is given twice");
    *is_given = true;
    *on = SameName(given, "on");
    return;
  }
  if (SameName(name, "delta_limit")) {
    if (schema->delta_limit_given) Fail("option \"delta_limit\" is given twice");
    schema->delta_limit_given = true;
    if (!single || !ParseDeltaLimit(given, &schema->delta_limit)) {
      Fail("delta_limit =" + shown + " (allowed: off, a size as in '64MB', a share as in '10%')");
    }
    return;
  }
  if (files && SameName(name, "file")) {
    if (!schema->file.empty()) Fail("option \"file\" is given twice");
    if (!single || t->quote != '\'' || given.empty())
      Fail("file =" + shown + " (allowed: a path, as in 'urls.mkv')");
    schema->file = given;
    return;
  }
  Fail("unknown option " + Shown(name) + " (known: background, delta_limit, durable" +
       (files ? ", file)" : ")"));
}

// Returns whether the column is marked PRIMARY KEY.
bool ParseColumn(const Tokens::Token& name, Tokens tokens, Column* column) {
  column->name = name.text;
  if (name.text.empty() || !(name.word || name.quote)) Fail("bad column name " + Shown(name.raw));
  bool primary = false, in_type = true;
  while (const std::optional<Tokens::Token> t = tokens.Next()) {
    auto expect = [&](std::string_view second) {
      const std::optional<Tokens::Token> next = tokens.Next();
      if (!next || !Is(*next, second)) {
        Fail("column " + Shown(column->name) + ": " + std::string(t->raw) + " without " +
             std::string(second) + std::string(kColumnTakes));
      }
    };
    for (std::string_view refused : kRefused) {
      if (Is(*t, refused)) {
        Fail("column " + Shown(column->name) + ": " + std::string(refused) + " is not supported" +
             std::string(kColumnTakes));
      }
    }
    if (Is(*t, "PRIMARY")) {
      expect("KEY");
      primary = true;
      in_type = false;
    } else if (Is(*t, "NOT")) {
      expect("NULL");
      column->not_null = true;
      in_type = false;
    } else if (Is(*t, "INDEXED")) {
      column->indexed = true;
      in_type = false;
    } else if (Is(*t, "NULL")) {
      in_type = false;
    } else if (primary && Is(*t, "ASC")) {
      continue;
    } else if (in_type &&
               (t->word || t->quote || t->raw.starts_with("(") || t->raw == "+" || t->raw == "-")) {
      if (!column->type.empty() && t->raw[0] != '(') column->type += ' ';
      column->type += t->raw;
    } else {
      Fail("column " + Shown(column->name) + ": unexpected " + Shown(t->raw) +
           std::string(kColumnTakes));
    }
  }
  column->affinity = AffinityOf(column->type);
  return primary;
}

}  // namespace

bool SameName(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

std::string LowerName(std::string_view name) {
  std::string out(name);
  std::transform(out.begin(), out.end(), out.begin(), Lower);
  return out;
}

Affinity AffinityOf(std::string_view type) {
  const std::string t = LowerName(type);
  auto has = [&t](std::string_view s) { return t.find(s) != std::string::npos; };
  if (has("int")) return Affinity::kInteger;
  if (has("char") || has("clob") || has("text")) return Affinity::kText;
  if (t.empty() || has("blob")) return Affinity::kNone;
  if (has("real") || has("floa") || has("doub")) return Affinity::kReal;
  return Affinity::kNumeric;
}

bool SameColumns(const Schema& a, const Schema& b) {
  return a.key == b.key && std::equal(a.columns.begin(), a.columns.end(), b.columns.begin(),
                                      b.columns.end(), [](const Column& x, const Column& y) {
                                        return SameName(x.name, y.name) && x.type == y.type &&
                                               x.not_null == y.not_null && x.indexed == y.indexed;
                                      });
}

std::string RankName(const Column& indexed) { return indexed.name + "_rank"; }

namespace {

// Adds a column definition.
void AddColumn(std::string_view definition, std::optional<size_t>* key, Schema* schema) {
  Tokens tokens(definition);
  const std::optional<Tokens::Token> first = tokens.Next();
  if (!first) Fail("an empty argument (allowed: columns and options, separated by commas)");
  Column column;
  if (ParseColumn(*first, tokens, &column)) {
    if (*key) {
      Fail("columns " + Shown(schema->columns[**key].name) + " and " + Shown(column.name) +
           " are both PRIMARY KEY (exactly one may be)");
    }
    *key = schema->columns.size();
  }
  schema->columns.push_back(std::move(column));
}

// Once all columns are there. REQUIRES at least one.
void FinishColumns(std::optional<size_t> key, Schema* schema) {
  schema->key = key.value_or(0);
  schema->columns[schema->key].not_null = true;
  for (const Column& c : schema->columns) {
    if (SameName(c.name, "rank") || SameName(c.name, "rowid")) {
      Fail("table " + Shown(schema->table) + ": a column may not be named " + Shown(c.name) +
           " (reserved: rank, rowid)");
    }
    for (const Column& indexed : schema->columns) {
      if (!indexed.indexed || !SameName(c.name, RankName(indexed))) continue;
      Fail("table " + Shown(schema->table) + ": a column may not be named " + Shown(c.name) +
           " beside the INDEXED column " + Shown(indexed.name) + " (its ranks have that name)");
    }
  }
  if (schema->key_column().indexed) {
    Fail("column " + Shown(schema->key_column().name) +
         ": the PRIMARY KEY has its order already (INDEXED is for other columns)");
  }
}

}  // namespace

Schema ParseArgs(std::string_view table, std::span<const char* const> args, bool files) {
  Schema schema;
  std::optional<size_t> key;
  schema.table = table;
  for (const char* arg : args) {
    Tokens tokens(arg);
    const std::optional<Tokens::Token> first = tokens.Next();
    if (!first && args.size() == 1) break;  // USING memkv()
    if (first && tokens.Rest().starts_with("=")) {
      ParseOption(first->text, tokens.Rest().substr(1), files, &schema);
      continue;
    }
    if (first &&
        (Is(*first, "PRIMARY") || Is(*first, "UNIQUE") || Is(*first, "CHECK") ||
         Is(*first, "FOREIGN") || Is(*first, "CONSTRAINT")) &&
        !tokens.Rest().empty()) {
      Fail("table constraint " + Shown(arg) + " is not supported (mark one column PRIMARY KEY)");
    }
    AddColumn(arg, &key, &schema);
  }
  if (!schema.file.empty()) {
    if (!schema.columns.empty() || schema.background_given || schema.durable_given ||
        schema.delta_limit_given) {
      Fail("file = " + Shown(schema.file) +
           " goes with no column and no other option (the columns are the file's)");
    }
    return schema;
  }
  if (schema.columns.empty()) {
    schema.columns = {{"key", "TEXT", Affinity::kText, true},
                      {"value", "", Affinity::kNone, false}};
  }
  FinishColumns(key, &schema);
  CheckTableName(schema, table);
  return schema;
}

std::string ColumnsAsBytes(const Schema& schema) {
  std::string bytes;
  for (size_t i = 0; i < schema.columns.size(); ++i) {
    const std::string definition = schema.Definition(i);
    PutVarint(&bytes, definition.size());
    bytes += definition;
  }
  return bytes;
}

void SetColumns(Bytes columns, Schema* schema) {
  std::optional<size_t> key;
  schema->columns.clear();
  while (!columns.empty()) {
    uint64_t size;
    if (!GetVarint(&columns, &size) || size > columns.size()) Fail("a column is cut short");
    const Bytes definition = columns.substr(0, size);
    if (definition.find('\0') != Bytes::npos) Fail("a column with a NUL byte");
    AddColumn(definition, &key, schema);
    columns.remove_prefix(size);
  }
  if (schema->columns.empty()) Fail("no columns");
  FinishColumns(key, schema);
}

void CheckTableName(const Schema& schema, std::string_view table) {
  for (const Column& c : schema.columns) {
    if (SameName(c.name, table)) {
      Fail("table " + Shown(table) + " may not have a column named " + Shown(c.name) +
           " (the table's own name is its command column)");
    }
  }
  for (const Column& c : schema.columns) {
    if (c.indexed && SameName(RankName(c), table)) {
      Fail("table " + Shown(table) + " may not have an INDEXED column named " + Shown(c.name) +
           " (its ranks are in a column named like the table)");
    }
  }
  if (SameName(table, "rank"))
    Fail("a table may not be named " + Shown(table) + " (it has a column named \"rank\")");
}

std::string Schema::Definition(size_t i) const {
  return DeclaredAs(i) + (columns[i].indexed ? " INDEXED" : "");
}

// As SQLite itself knows it.
std::string Schema::DeclaredAs(size_t i) const {
  const Column& c = columns[i];
  return QuoteName(c.name) + ' ' + c.type + (i == key ? " PRIMARY KEY" : "") +
         (c.not_null ? " NOT NULL" : "");
}

std::vector<size_t> Schema::IndexedColumns() const {
  std::vector<size_t> indexed;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].indexed) indexed.push_back(i);
  }
  return indexed;
}

size_t Schema::IndexBy(std::string_view name) const {
  if (name.empty()) return 0;
  size_t index = 0;
  for (const Column& column : columns) {
    index += column.indexed;
    if (column.indexed && column.name == name) return index;
  }
  throw SqlError(SQLITE_INTERNAL, "memkv: no index by " + Shown(name));
}

std::vector<uint32_t> Schema::IndexedRowColumns() const {
  std::vector<uint32_t> indexed;
  for (const size_t i : IndexedColumns()) indexed.push_back(static_cast<uint32_t>(RowColumn(i)));
  return indexed;
}

std::string Schema::Declaration() const {
  std::string sql = "CREATE TABLE x(";
  for (size_t i = 0; i < columns.size(); ++i) sql += DeclaredAs(i) + ", ";
  sql += "\"rank\" INTEGER HIDDEN, " + QuoteName(table) + " HIDDEN";
  for (const size_t i : IndexedColumns())
    sql += ", " + QuoteName(RankName(columns[i])) + " INTEGER HIDDEN";
  return sql + ") WITHOUT ROWID";
}

}  // namespace memkv::sql
