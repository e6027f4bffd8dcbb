#include "core/fst/image.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#if defined(__unix__) || defined(__APPLE__)
#define MEMKV_POSIX 1
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#else
#define MEMKV_POSIX 0
#endif

namespace memkv {
namespace {

class OwnedImage final : public FstImage {
 public:
  explicit OwnedImage(std::string bytes) : FstImage({}, false), owned_(std::move(bytes)) {
    bytes_ = owned_;
  }

 private:
  const std::string owned_;
};

Status IoError(const char* what, const std::string& path) {
  return Status::Io(std::string("cannot ") + what + " \"" + path + "\": " + std::strerror(errno));
}

#if MEMKV_POSIX

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

class MappedImage final : public FstImage {
 public:
  // Takes over the file and the mapping.
  MappedImage(int fd, void* at, size_t size, std::string path)
      : FstImage(Bytes(static_cast<const char*>(at), size), true),
        file_(fd),
        at_(at),
        path_(std::move(path)) {}
  ~MappedImage() override { ::munmap(at_, bytes_.size()); }

  Status CheckSize() const override {
    struct stat st;
    if (::fstat(file_.fd(), &st) != 0) return IoError("stat", path_);
    if (static_cast<uint64_t>(st.st_size) == bytes_.size()) return {};
    return Status::Io("\"" + path_ + "\" was " + std::to_string(bytes_.size()) +
                      " bytes long when opened and is " + std::to_string(st.st_size) + " now");
  }

 private:
  const File file_;
  void* const at_;
  const std::string path_;
};

Status WriteAll(int fd, Bytes bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), std::min(bytes.size(), size_t{1} << 30));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return IoError("write", path);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

#endif

}  // namespace

std::shared_ptr<const FstImage> FstImage::Own(std::string bytes) {
  return std::make_shared<const OwnedImage>(std::move(bytes));
}

#if MEMKV_POSIX

Status MapFile(const std::string& path, std::shared_ptr<const FstImage>* out) {
  File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd() < 0) return IoError("open", path);
  struct stat st;
  if (::fstat(file.fd(), &st) != 0) return IoError("stat", path);
  if (!S_ISREG(st.st_mode)) return Status::Io("\"" + path + "\" is not a regular file");
  const auto size = static_cast<size_t>(st.st_size);
  if (size == 0) return Status::Corrupt("\"" + path + "\" is empty");
  void* at = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.fd(), 0);
  if (at == MAP_FAILED) return IoError("map", path);
  std::shared_ptr<const FstImage> image;
  try {
    image = std::make_shared<const MappedImage>(file.fd(), at, size, path);
  } catch (...) {
    ::munmap(at, size);
    throw;
  }
  (void)file.Release();
  *out = std::move(image);
  return {};
}

Status WriteFile(const FstImage& image, const std::string& path) {
  const std::string temporary = path + ".tmp-" + std::to_string(::getpid());
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  {
    File file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (file.fd() < 0) return IoError("create", temporary);
    Status status = WriteAll(file.fd(), image.bytes(), temporary);
    if (status.ok() && ::fsync(file.fd()) != 0) status = IoError("sync", temporary);
    if (status.ok() && ::rename(temporary.c_str(), path.c_str()) != 0)
      status = IoError("rename to", path);
    if (!status.ok()) {
      ::unlink(temporary.c_str());
      return status;
    }
  }
  File parent(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (parent.fd() < 0) return IoError("open", directory);
  // Some file systems cannot sync a directory; the rename has happened all the same.
  if (::fsync(parent.fd()) != 0 && errno != EINVAL) return IoError("sync", directory);
  return {};
}

#else

Status MapFile(const std::string& path, std::shared_ptr<const FstImage>* out) {
  std::FILE* f = std::fopen(path.c_str(), "rb");
  if (!f) return IoError("open", path);
  std::string bytes;
  char buffer[1 << 14];
  size_t n;
  while ((n = std::fread(buffer, 1, sizeof buffer, f)) > 0) bytes.append(buffer, n);
  const bool bad = std::ferror(f) != 0;
  std::fclose(f);
  if (bad) return IoError("read", path);
  *out = FstImage::Own(std::move(bytes));
  return {};
}

Status WriteFile(const FstImage& image, const std::string& path) {
  const std::string temporary = path + ".tmp";
  std::FILE* f = std::fopen(temporary.c_str(), "wb");
  if (!f) return IoError("create", temporary);
  const Bytes bytes = image.bytes();
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), f) == bytes.size();
  if (std::fclose(f) != 0 || !written) {
    std::remove(temporary.c_str());
    return IoError("write", temporary);
  }
  std::remove(path.c_str());
  if (std::rename(temporary.c_str(), path.c_str()) != 0) return IoError("rename to", path);
  return {};
}

#endif

}  // namespace memkv
