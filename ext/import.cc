// The 'import' command: a text file of keys, straight into the table.

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "core/key.h"
#include "core/row.h"
#include "ext/affinity.h"
#include "ext/commands.h"
#include "ext/sqlite.h"

namespace memkv::sql {
namespace {

// The lines of a file, without their ends. A line is borrowed until the next call.
class LineReader {
 public:
  explicit LineReader(const std::string& path) : path_(path), file_(std::fopen(path.c_str(), "rb")), buffer_(1 << 20) {
    if (!file_) Fail();
  }

  bool Next(Bytes* line) {
    for (;;) {
      const char* from = buffer_.data() + begin_;
      const char* end = static_cast<const char*>(std::memchr(from, '\n', end_ - begin_));
      if (end == nullptr && !ended_) {
        Fill();
        continue;
      }
      if (end == nullptr && begin_ == end_) return false;
      const size_t n = end ? static_cast<size_t>(end - from) : end_ - begin_;
      begin_ += n + (end ? 1 : 0);
      *line = Bytes(from, n);
      if (line->ends_with('\r')) line->remove_suffix(1);
      return true;
    }
  }

 private:
  struct Close {
    void operator()(std::FILE* f) const { std::fclose(f); }
  };

  void Fill() {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (end_ == buffer_.size()) buffer_.resize(2 * buffer_.size());
    const size_t n = std::fread(buffer_.data() + end_, 1, buffer_.size() - end_, file_.get());
    end_ += n;
    if (n > 0) return;
    if (std::ferror(file_.get())) Fail();
    ended_ = true;
  }

  [[noreturn]] void Fail() {
    throw SqlError(SQLITE_CANTOPEN, "memkv: cannot read " + Shown(path_) + ": " + std::strerror(errno));
  }

  const std::string path_;
  std::unique_ptr<std::FILE, Close> file_;
  std::vector<char> buffer_;
  size_t begin_ = 0, end_ = 0;  // of what is read and not yet given out
  bool ended_ = false;
};

// Gives a field the class that its column's affinity gives an inserted TEXT.
class Fields {
 public:
  explicit Fields(sqlite3* db) : db_(db) {}

  // The Datum borrows from `text`.
  Datum Stored(Bytes text, Affinity affinity) {
    if (affinity == Affinity::kText || affinity == Affinity::kNone) return Datum::Text(text);
    if (!echo_) echo_ = std::make_unique<Statement>(db_, "SELECT ?1");
    echo_->Bind(1, text);
    echo_->Step();
    sqlite3_value* v = sqlite3_value_dup(echo_->Value(0));
    echo_->Reset();
    if (v == nullptr) throw std::bad_alloc();
    const Datum stored = Converted::Stored(v, affinity).datum();
    sqlite3_value_free(v);
    return stored.kind == Datum::kText ? Datum::Text(text) : stored;
  }

 private:
  sqlite3* db_;
  std::unique_ptr<Statement> echo_;
};

}  // namespace

void ImportFile(Connection& connection, TableState& state, const std::string& path) {
  const Schema& schema = state.schema;
  LineReader lines(path);
  Fields fields(connection.db());
  std::vector<Datum> row(schema.row_columns());
  std::string key, record;
  const Table::Version before = state.table.Remember();
  uint64_t number = 0;
  auto fail = [&](int code, const std::string& what) {
    throw SqlError(code, "memkv: " + Shown(path) + " line " + std::to_string(number) + ": " + what);
  };
  try {
    for (Bytes line; lines.Next(&line);) {
      ++number;
      if (number % 16384 == 0 && connection.Interrupted()) throw SqlError(SQLITE_INTERRUPT, "interrupted");
      std::fill(row.begin(), row.end(), Datum::Null());
      size_t tab = std::min(line.find('\t'), line.size());
      const Datum k = fields.Stored(line.substr(0, tab), schema.key_column().affinity);
      if (k.bytes.size() >= kMaxKeyBytes) {
        fail(SQLITE_TOOBIG, "a key of " + std::to_string(k.bytes.size()) + " bytes (allowed: at most " +
                                std::to_string(kMaxKeyBytes - 1) + ")");
      }
      const bool with_values = tab < line.size();
      for (size_t i = 0; i < schema.columns.size(); ++i) {
        if (i == schema.key) continue;
        if (tab < line.size()) {
          const size_t from = tab + 1;
          tab = std::min(line.find('\t', from), line.size());
          row[schema.RowColumn(i)] = fields.Stored(line.substr(from, tab - from), schema.columns[i].affinity);
        } else if (schema.columns[i].not_null) {
          fail(SQLITE_CONSTRAINT_NOTNULL, "NOT NULL constraint failed: " + schema.table + "." + schema.columns[i].name);
        }
      }
      if (tab < line.size()) {
        fail(SQLITE_ERROR, "more fields than columns (allowed: a key and at most " + std::to_string(schema.value_columns()) +
                               " values, separated by TAB)");
      }
      key.clear();
      AppendKey(k, &key);
      bool existed;
      Check(state.table.Put(key, EncodeRow(row, &record), with_values, &existed));
    }
  } catch (...) {
    state.table.Return(before);
    throw;
  }
}

}  // namespace memkv::sql
