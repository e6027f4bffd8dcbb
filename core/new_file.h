// NewFile: a file that is wholly there or not at all. It is written under another name beside its
// own, and takes its own once it is complete and on disk. A regular file of that name is replaced
// and its mode kept; who has the old one open or mapped keeps reading it. Anything else of that
// name (a directory, a device, a FIFO, a symbolic link whatever it leads to) is left alone.

#ifndef MEMKV_CORE_NEW_FILE_H_
#define MEMKV_CORE_NEW_FILE_H_

#include <string>

#include "core/bytes.h"
#include "core/status.h"

namespace memkv {

class NewFile {
 public:
  explicit NewFile(std::string path) : path_(std::move(path)) {}
  // Unless it was finished, nothing is left of it.
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  // Whether a file could take that name: kCantOpen if something else has it. Open() asks that too.
  static Status CheckTarget(const std::string& path);

  // In this order. Each failure names the path and the reason: kCantOpen, kFull (the disk is), kIo.
  Status Open();
  Status Append(Bytes bytes);
  Status Finish();

 private:
  // The mode of the file that is to be replaced, or -1 if there is none.
  static Status FindTarget(const std::string& path, int* mode);
  Status Failure(bool opening) const;

  const std::string path_;
  std::string temporary_;
  int fd_ = -1;
};

}  // namespace memkv

#endif  // MEMKV_CORE_NEW_FILE_H_
