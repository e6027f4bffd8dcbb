// LineReader: the lines of a regular file, a pipe or a FIFO, read for a command: it waits for
// nothing without asking whether to stop, and holds no more than one line and what was read beyond
// it.

#ifndef MEMKV_EXT_LINE_READER_H_
#define MEMKV_EXT_LINE_READER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "ext/poller.h"

namespace memkv::sql {

// How long a line may be, and what comes before its first TAB.
struct LineLimits {
  size_t line_bytes;
  size_t key_bytes;
};

class LineReader {
 public:
  // /dev/stdin and /dev/fd/N are the process's own descriptors, read from where they stand. Throws
  // SqlError (SQLITE_CANTOPEN) for what is no file, pipe or FIFO, or cannot be opened. A FIFO that
  // nobody writes to is waited for in Next().
  LineReader(const std::string& path, const LineLimits& limits, Poller* poller);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  // The next line, without its end (LF or CRLF), borrowed until the next call; false after the
  // last. Throws SqlError: SQLITE_TOOBIG for a line over the limits, SQLITE_IOERR,
  // SQLITE_INTERRUPT.
  bool Next(Bytes* line);
  uint64_t number() const { return number_; }  // of the line, from 1

  // Bytes: how many were given out, and how many there are as far as that is known.
  uint64_t done() const { return read_ - (end_ - begin_); }
  uint64_t total() const;

 private:
  void Open();
  // Throws where what is opened, or is to be, is nothing to read lines from.
  void CheckKind(unsigned mode) const;
  [[noreturn]] void Fail(int code, const std::string& why) const;
  // Throws if the first `n` bytes from begin_ on, which hold no line end, are too many.
  void CheckLength(size_t n) const;
  void Wait();
  void Fill();

  const std::string path_;
  const LineLimits limits_;
  Poller* const poller_;
  int file_ = -1;
  bool waits_ = false;  // for others to write
  std::vector<char> buffer_;
  size_t begin_ = 0, end_ = 0;  // of what is read and not yet given out
  bool ended_ = false;
  uint64_t number_ = 0, read_ = 0, total_ = 0;
};

}  // namespace memkv::sql

#endif  // MEMKV_EXT_LINE_READER_H_
