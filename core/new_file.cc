#include "core/new_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace memkv {

NewFile::~NewFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(temporary_.c_str());
}

Status NewFile::Failure(bool opening) const {
  const int error = errno;
  std::string message = "cannot write \"" + path_ + "\": " + std::strerror(error);
  if (error == ENOSPC || error == EDQUOT) return Status::Full(std::move(message));
  return opening ? Status::CantOpen(std::move(message)) : Status::Io(std::move(message));
}

Status NewFile::Open() {
  // Names that a process of the same id left behind are passed over.
  constexpr int kMostAttempts = 1000;
  static std::atomic<uint64_t> number{0};
  for (int i = 0; i < kMostAttempts; ++i) {
    temporary_ = path_ + ".memkv-" + std::to_string(::getpid()) + '-' + std::to_string(number++);
    fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd_ >= 0) return {};
    if (errno != EEXIST) break;
  }
  return Failure(true);
}

Status NewFile::Append(Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_, bytes.data(), std::min(bytes.size(), size_t{1} << 30));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Failure(false);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

Status NewFile::Finish() {
  if (::fsync(fd_) != 0 || ::rename(temporary_.c_str(), path_.c_str()) != 0) return Failure(false);
  ::close(fd_);
  fd_ = -1;
  const size_t slash = path_.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
  const int parent = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (parent < 0) return {};  // a directory that may be written and not read
  // Some file systems cannot sync a directory; the rename has happened all the same.
  const bool failed = ::fsync(parent) != 0 && errno != EINVAL;
  const Status status = failed ? Failure(false) : Status();
  ::close(parent);
  return status;
}

}  // namespace memkv
