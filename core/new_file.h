// NewFile: a file that is wholly there or not at all. It is written under another name beside its
// own, and takes its own once it is complete and on disk. A file of that name is replaced; who has
// the old one open or mapped keeps reading it.

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

  // In this order. Each failure names the path and the reason: kCantOpen, kFull (the disk is), kIo.
  Status Open();
  Status Append(Bytes bytes);
  Status Finish();

 private:
  Status Failure(bool opening) const;

  const std::string path_;
  std::string temporary_;
  int fd_ = -1;
};

}  // namespace memkv

#endif  // MEMKV_CORE_NEW_FILE_H_
