#include "core/new_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "core/shown.h"

namespace memkv {

NewFile::~NewFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(temporary_.c_str());
}

Status NewFile::Failure(bool opening) const {
  const int error = errno;
  std::string message = "cannot write " + Shown(path_, kMostPath) + ": " + std::strerror(error);
  if (error == ENOSPC || error == EDQUOT) return Status::Full(std::move(message));
  return opening ? Status::CantOpen(std::move(message)) : Status::Io(std::move(message));
}

Status NewFile::FindTarget(const std::string& path, int* mode) {
  *mode = -1;
  struct stat s;
  if (::lstat(path.c_str(), &s) != 0) return {};  // what is wrong shows when it is made
  if (S_ISREG(s.st_mode)) {
    *mode = static_cast<int>(s.st_mode & 0777);
    return {};
  }
  const char* const kind = S_ISLNK(s.st_mode)    ? "a symbolic link"
                           : S_ISDIR(s.st_mode)  ? "a directory"
                           : S_ISFIFO(s.st_mode) ? "a FIFO"
                           : S_ISSOCK(s.st_mode) ? "a socket"
                                                 : "a device";
  return Status::CantOpen("cannot write " + Shown(path, kMostPath) + ": it is " + kind +
                          " (allowed: a new name, or a regular file, which is replaced)");
}

Status NewFile::CheckTarget(const std::string& path) {
  int mode;
  return FindTarget(path, &mode);
}

Status NewFile::Open() {
  int mode;
  MEMKV_TRY(FindTarget(path_, &mode));
  // Names that a process of the same id left behind are passed over.
  constexpr int kMostAttempts = 1000;
  static std::atomic<uint64_t> number{0};
  for (int i = 0; i < kMostAttempts; ++i) {
    temporary_ = path_ + ".memkv-" + std::to_string(::getpid()) + '-' + std::to_string(number++);
    fd_ =
        ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode < 0 ? 0666 : 0600);
    if (fd_ >= 0)
      return mode < 0 || ::fchmod(fd_, static_cast<mode_t>(mode)) == 0 ? Status() : Failure(true);
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
  MEMKV_TRY(CheckTarget(path_));  // it may have been made since
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
