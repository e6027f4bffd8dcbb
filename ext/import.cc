// The 'import' command: a text file of keys, straight into the table.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "core/key.h"
#include "core/pace.h"
#include "core/row.h"
#include "ext/commands.h"
#include "ext/field_affinity.h"
#include "ext/new_row.h"
#include "ext/poller.h"
#include "ext/sqlite.h"

namespace memkv::sql {
namespace {

// The lines of a file, without their ends. A line is borrowed until the next call.
class LineReader {
 public:
  explicit LineReader(const std::string& path)
      : path_(path), file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    struct stat s;
    if (file_ < 0 || ::fstat(file_, &s) != 0) Fail();
    if (S_ISREG(s.st_mode)) total_ = static_cast<uint64_t>(s.st_size);
    buffer_.resize(1 << 18);
  }
  ~LineReader() {
    if (file_ >= 0) ::close(file_);
  }
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  uint64_t done() const { return read_ - (end_ - begin_); }
  uint64_t total() const { return std::max(total_, read_); }

  bool Next(Bytes* line) {
    size_t searched = 0;
    for (;;) {
      const char* from = buffer_.data() + begin_;
      const char* end =
          static_cast<const char*>(std::memchr(from + searched, '\n', end_ - begin_ - searched));
      if (end == nullptr && !ended_) {
        searched = end_ - begin_;
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
  void Fill() {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (end_ == buffer_.size()) buffer_.resize(2 * buffer_.size());
    ssize_t n;
    do {
      n = ::read(file_, buffer_.data() + end_, buffer_.size() - end_);
    } while (n < 0 && errno == EINTR);
    if (n < 0) Fail();
    end_ += static_cast<size_t>(n);
    read_ += static_cast<uint64_t>(n);
    ended_ = n == 0;
  }

  [[noreturn]] void Fail() {
    const std::string why = std::strerror(errno);
    if (file_ >= 0) ::close(file_);
    file_ = -1;
    throw SqlError(SQLITE_CANTOPEN, "memkv: cannot read " + Shown(path_) + ": " + why);
  }

  const std::string path_;
  int file_;
  std::vector<char> buffer_;
  size_t begin_ = 0, end_ = 0;  // of what is read and not yet given out
  bool ended_ = false;
  uint64_t read_ = 0, total_ = 0;
};

// Lines that are no rows: how many, and what is wrong with the first few.
class Malformed {
 public:
  bool any() const { return count_ > 0; }
  void Add(uint64_t line, int code, const std::string& what) {
    if (count_++ == 0) code_ = code;
    if (count_ <= kShown) shown_ += "; line " + std::to_string(line) + ": " + what;
  }
  [[noreturn]] void Throw(const std::string& path) const {
    throw SqlError(code_, "memkv: " + Shown(path) + ": " + std::to_string(count_) +
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
  explicit Batch(Table& table) : table_(table) {}

  // What the next row is made in.
  std::string* key() { return &keys_[n_]; }
  std::string* record() { return &records_[n_]; }
  void Add(const Value& value, bool replace) {
    rows_[n_] = {keys_[n_], value, replace};
    if (++n_ == kRows) Flush();
  }
  void Flush() {
    Check(table_.PutMany({rows_.data(), n_}));
    n_ = 0;
  }

 private:
  static constexpr size_t kRows = 64;
  Table& table_;
  size_t n_ = 0;
  std::array<std::string, kRows> keys_, records_;
  std::array<Table::NewRow, kRows> rows_;
};

// Reads one line's fields.
class RowReader {
 public:
  RowReader(sqlite3* db, const Schema& schema)
      : schema_(schema), fields_(db), row_(schema.row_columns()) {}

  // Appends the key to *key. False, with what is wrong, where the line is no row.
  bool Read(Bytes line, std::string* key, bool* with_values) {
    std::fill(row_.begin(), row_.end(), Datum::Null());
    size_t tab = std::min(line.find('\t'), line.size());
    *with_values = tab < line.size();
    if (tab >= kMaxKeyBytes) {
      return Fail(SQLITE_TOOBIG, "a key of " + std::to_string(tab) + " bytes (allowed: at most " +
                                     std::to_string(kMaxKeyBytes - 1) + ")");
    }
    const Datum k = fields_.Stored(Datum::Text(line.substr(0, tab)), schema_.key_column().affinity);
    key->clear();
    AppendKey(k, key);
    if (schema_.has_key_class()) row_.back() = KeyClassDatum(k);
    for (size_t i = 0; i < schema_.columns.size(); ++i) {
      const Column& column = schema_.columns[i];
      if (i == schema_.key) continue;
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

}  // namespace

void ImportFile(Connection& connection, TableState& state, const std::string& path) {
  Poller poller(connection.db());
  Pace pace;
  LineReader lines(path);
  RowReader reader(connection.db(), state.schema);
  Batch batch(state.table);
  Malformed malformed;
  const Progress::Scope scope(state.progress, "import");
  const Table::Version before = state.table.Remember();
  try {
    uint64_t number = 0;
    for (Bytes line; lines.Next(&line);) {
      ++number;
      if (pace.Due(line.size())) {
        state.progress.Set(lines.done(), lines.total());
        poller.Check();
      }
      bool with_values;
      if (!reader.Read(line, batch.key(), &with_values)) {
        malformed.Add(number, reader.code(), reader.wrong());
      } else if (!malformed.any()) {
        batch.Add(EncodeRow(reader.row(), batch.record()), with_values);
      }
    }
    if (malformed.any()) malformed.Throw(path);
    batch.Flush();
  } catch (...) {
    state.table.Return(before);
    throw;
  }
}

}  // namespace memkv::sql
