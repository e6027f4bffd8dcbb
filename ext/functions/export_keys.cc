#include "ext/functions/export_keys.h"

#include <charconv>

#include "core/new_file.h"
#include "core/pace.h"
#include "core/view/cursor.h"
#include "ext/database_files.h"
#include "ext/poller.h"
#include "ext/sqlite.h"
#include "ext/walk/row_values.h"

namespace memkv::sql {
namespace {

// The lines of a new file.
class LineWriter {
 public:
  explicit LineWriter(const std::string& path) : file_(path) {
    Check(file_.Open());
    buffer_.reserve(kBuffer + (1 << 12));
  }

  std::string* line() { return &buffer_; }
  // Returns how many bytes the line has.
  size_t EndLine() {
    buffer_ += '\n';
    const size_t bytes = buffer_.size() - line_at_;
    if (buffer_.size() >= kBuffer) Flush();
    line_at_ = buffer_.size();
    return bytes;
  }
  void Finish() {
    Flush();
    Check(file_.Finish());
  }

 private:
  static constexpr size_t kBuffer = 1 << 18;

  void Flush() {
    Check(file_.Append(buffer_));
    buffer_.clear();
  }

  NewFile file_;
  std::string buffer_;
  size_t line_at_ = 0;  // where the line begins in it
};

// False if it cannot stand on a line.
bool AppendField(const Datum& v, std::string* line) {
  char digits[32];
  switch (v.kind) {
    case Datum::kNull:
      return true;
    case Datum::kInteger:
      line->append(digits, std::to_chars(digits, digits + sizeof digits, v.integer).ptr);
      return true;
    case Datum::kReal: {
      const std::string_view text(
          digits,
          static_cast<size_t>(std::to_chars(digits, digits + sizeof digits, v.real).ptr - digits));
      line->append(text);
      if (text.find_first_not_of("-0123456789") == text.npos)
        *line += ".0";  // still a REAL when it is read
      return true;
    }
    case Datum::kText:
    case Datum::kBlob:
      line->append(v.bytes);
      return v.bytes.find_first_of("\t\n\r") == Bytes::npos;
  }
  return false;
}

}  // namespace

uint64_t ExportKeys(Connection& connection, const NamedTable& table, const std::string& path) {
  CheckIsNoDatabase(connection.db(), path, "memkv: cannot write");
  const Schema& schema = table.schema();
  Progress& progress = table.state->progress;
  const Progress::Scope scope(progress, "export");
  const uint64_t total = table.view.size();
  Poller poller(connection.db());
  Pace pace;
  LineWriter file(path);
  ViewCursor at(table.view);
  std::string buffer;
  uint64_t rows = 0;
  auto put = [&](const Datum& v, const char* what) {
    if (AppendField(v, file.line())) return;
    throw SqlError(SQLITE_ERROR, "memkv: " + Shown(schema.table) + " row " + std::to_string(rows) +
                                     ": a " + what +
                                     " with a TAB or a line end cannot stand on a line");
  };
  for (at.SeekFirst(); at.Valid(); at.Next(), ++rows) {
    Datum v;
    for (size_t part = 0; part < schema.key.size(); ++part) {
      if (part > 0) *file.line() += '\t';
      ReadKeyPart(
          schema, table.view, at.key(), part, [&] { return at.row(); }, &buffer, &v);
      put(v, "key");
    }
    size_t tabs = 0;  // owed for NULLs
    for (size_t i = 0; i < schema.value_columns(); ++i) {
      ++tabs;
      Check(table.view.Column(at.row(), i, &buffer, &v));
      if (v.kind == Datum::kNull) continue;
      file.line()->append(tabs, '\t');
      tabs = 0;
      put(v, "value");
    }
    if (pace.Due(file.EndLine())) {
      progress.Set(rows, total);
      poller.Check();
    }
  }
  Check(at.status());
  file.Finish();
  return rows;
}

}  // namespace memkv::sql
