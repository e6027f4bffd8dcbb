// The 'import' command: a text file of keys, straight into the table.

#include <algorithm>
#include <array>
#include <vector>

#include "core/key_parts.h"
#include "core/pace.h"
#include "core/row.h"
#include "ext/commands.h"
#include "ext/database_files.h"
#include "ext/field_affinity.h"
#include "ext/line_reader.h"
#include "ext/new_row.h"
#include "ext/poller.h"
#include "ext/sqlite.h"

namespace memkv::sql {
namespace {

// Lines that are no rows: how many, and what is wrong with the first few.
class Malformed {
 public:
  bool any() const { return count_ > 0; }
  void Add(uint64_t line, int code, const std::string& what) {
    if (count_++ == 0) code_ = code;
    if (count_ <= kShown) shown_ += "; line " + std::to_string(line) + ": " + what;
  }
  [[noreturn]] void Throw(const std::string& path) const {
    throw SqlError(code_, "memkv: " + Shown(path, kMostPath) + ": " + std::to_string(count_) +
                              " malformed line" + (count_ > 1 ? "s" : "") +
                              ", nothing was imported" + shown_ + (count_ > kShown ? "; ..." : ""));
  }

 private:
  static constexpr uint64_t kShown = 10;
  uint64_t count_ = 0;
  int code_ = SQLITE_ERROR;
  std::string shown_;
};

// Rows on their way into the table.
class Batch {
 public:
  explicit Batch(Session& table) : table_(table) {}

  // What the next row is made in.
  std::string* key() { return &keys_[n_]; }
  std::string* record() { return &records_[n_]; }
  void Add(const Value& value, bool replace) {
    rows_[n_] = {keys_[n_], value, replace};
    bytes_ += keys_[n_].size() + records_[n_].size();
    if (++n_ == kRows || bytes_ >= kBytes) Flush();
  }
  void Flush() {
    Check(table_.PutMany({rows_.data(), n_}));
    // Long rows come in any place: none keeps their memory.
    for (size_t i = 0; bytes_ >= kBytes && i < n_; ++i) {
      keys_[i] = std::string();
      records_[i] = std::string();
    }
    n_ = bytes_ = 0;
  }

 private:
  static constexpr size_t kRows = 64, kBytes = size_t{1} << 20;
  Session& table_;
  size_t n_ = 0, bytes_ = 0;
  std::array<std::string, kRows> keys_, records_;
  std::array<Rows::NewRow, kRows> rows_;
};

// Reads one line's fields.
class RowReader {
 public:
  RowReader(sqlite3* db, const Schema& schema)
      : schema_(schema), fields_(db), row_(schema.row_columns()) {}

  // Appends the key to *key. False, with what is wrong, where the line is no row.
  bool Read(Bytes line, std::string* key, bool* with_values) {
    std::fill(row_.begin(), row_.end(), Datum::Null());
    size_t tab = 0;
    key->clear();
    for (size_t part = 0; part < schema_.key.size(); ++part) {
      const size_t from = part > 0 ? tab + 1 : 0;
      if (from > line.size()) {
        return Fail(SQLITE_ERROR, "fewer fields than the key has columns (" +
                                      std::to_string(schema_.key.size()) + ")");
      }
      tab = std::min(line.find('\t', from), line.size());
      const Datum k = fields_.Stored(Datum::Text(line.substr(from, tab - from)),
                                     schema_.key_column(part).affinity);
      AppendKeyPart(k, schema_.IsLast(part), key);
      if (schema_.has_key_class(part)) row_[schema_.KeyClassColumn(part)] = KeyClassDatum(k);
    }
    if (key->size() > kMaxKeyBytes)
      return Fail(SQLITE_TOOBIG, "a key of " + std::to_string(key->size()) +
                                     " bytes (allowed: " + std::to_string(kMaxKeyBytes) + ")");
    *with_values = tab < line.size();
    for (size_t i = 0; i < schema_.columns.size(); ++i) {
      const Column& column = schema_.columns[i];
      if (schema_.KeyPartOf(i)) continue;
      if (tab < line.size()) {
        const size_t from = tab + 1;
        tab = std::min(line.find('\t', from), line.size());
        // A number in place of the text, or the text itself.
        Datum& v = row_[schema_.RowColumn(i)];
        v = fields_.Stored(Datum::Text(line.substr(from, tab - from)), column.affinity);
        if (v.kind == Datum::kText) v.bytes = line.substr(from, tab - from);
      } else if (column.not_null) {
        return Fail(SQLITE_CONSTRAINT_NOTNULL,
                    "NOT NULL constraint failed: " + schema_.table + "." + column.name);
      }
    }
    if (tab == line.size()) return true;
    return Fail(SQLITE_ERROR, "more fields than columns (allowed: a key and at most " +
                                  std::to_string(schema_.value_columns()) +
                                  " values, separated by TAB)");
  }

  std::span<const Datum> row() const { return row_; }
  int code() const { return code_; }
  const std::string& wrong() const { return wrong_; }

 private:
  bool Fail(int code, std::string wrong) {
    code_ = code;
    wrong_ = std::move(wrong);
    return false;
  }

  const Schema& schema_;
  FieldAffinity fields_;
  std::vector<Datum> row_;
  int code_ = SQLITE_OK;
  std::string wrong_;
};

// A row is no longer than any value may be; one of a table without values is its key.
LineLimits LimitsOf(sqlite3* db, const Schema& schema) {
  constexpr size_t kKey = kMaxKeyBytes - 1;
  const auto length = static_cast<size_t>(sqlite3_limit(db, SQLITE_LIMIT_LENGTH, -1));
  return {schema.value_columns() > 0 ? std::max(length, kKey) : kKey, kKey};
}

}  // namespace

void ImportFile(Connection& connection, TableState& state, const std::string& path) {
  CheckIsNoDatabase(connection.db(), path, "memkv: cannot read");
  Poller poller(connection.db());
  Pace pace;
  LineReader lines(path, LimitsOf(connection.db(), state.schema), &poller);
  RowReader reader(connection.db(), state.schema);
  Batch batch(state.table);
  Malformed malformed;
  const Progress::Scope scope(state.progress, "import");
  Session::KeptMark before(state.table);
  try {
    for (Bytes line; lines.Next(&line);) {
      if (pace.Due(line.size())) {
        state.progress.Set(lines.done(), lines.total());
        poller.Check();
      }
      bool with_values;
      if (!reader.Read(line, batch.key(), &with_values)) {
        malformed.Add(lines.number(), reader.code(), reader.wrong());
      } else if (!malformed.any()) {
        batch.Add(EncodeRow(reader.row(), batch.record()), with_values);
      }
    }
    if (malformed.any()) malformed.Throw(path);
    batch.Flush();
  } catch (...) {
    before.Return();
    throw;
  }
}

}  // namespace memkv::sql
