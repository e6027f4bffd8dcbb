#include "core/fst/image.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "core/fst/about.h"
#include "core/new_file.h"
#include "core/shown.h"

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
  OwnedImage(std::string bytes, bool checked)
      : FstImage({}, false, checked), owned_(std::move(bytes)) {
    bytes_ = owned_;
  }

 private:
  const std::string owned_;
};

Status IoError(const char* what, const std::string& path) {
  return Status::Io(std::string("cannot ") + what + " " + Shown(path, kMostPath) + ": " +
                    std::strerror(errno));
}

Status CannotOpen(const std::string& path) {
  return Status::CantOpen("cannot open " + Shown(path, kMostPath) + ": " + std::strerror(errno));
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
    return Status::Io(Shown(path_, kMostPath) + " was " + std::to_string(bytes_.size()) +
                      " bytes long when opened and is " + std::to_string(st.st_size) + " now");
  }

 private:
  const File file_;
  void* const at_;
  const std::string path_;
};

#endif

}  // namespace

std::shared_ptr<const FstImage> FstImage::Own(std::string bytes) {
  return std::make_shared<const OwnedImage>(std::move(bytes), false);
}

std::shared_ptr<const FstImage> FstImage::Checked(std::string bytes) {
  return std::make_shared<const OwnedImage>(std::move(bytes), true);
}

Status WriteFile(const FstImage& image, const std::string& path) {
  NewFile file(path);
  MEMKV_TRY(file.Open());
  MEMKV_TRY(file.Append(image.bytes()));
  return file.Finish();
}

Status WriteFile(const FstImage& image, Bytes about, const std::string& path,
                 const std::function<bool(uint64_t done, uint64_t total)>& poll) {
  constexpr size_t kPollBytes = size_t{1} << 20;
  fst::AboutParts parts;
  MEMKV_TRY(fst::AddAbout(image.bytes(), about, &parts));
  NewFile file(path);
  MEMKV_TRY(file.Open());
  MEMKV_TRY(file.Append(parts.header));
  for (size_t at = 0; at < parts.data.size(); at += kPollBytes) {
    if (poll && poll(at, parts.data.size())) return Status::Interrupted();
    MEMKV_TRY(file.Append(parts.data.substr(at, kPollBytes)));
  }
  MEMKV_TRY(file.Append(parts.tail));
  return file.Finish();
}

#if MEMKV_POSIX

Status MapFile(const std::string& path, std::shared_ptr<const FstImage>* out) {
  // Looked at before it is opened, which waits on a FIFO, and means something to a device.
  struct stat st;
  if (::stat(path.c_str(), &st) != 0) return CannotOpen(path);
  auto regular = [&] {
    return S_ISREG(st.st_mode)
               ? Status()
               : Status::CantOpen(Shown(path, kMostPath) + " is not a regular file");
  };
  MEMKV_TRY(regular());
  File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.fd() < 0) return CannotOpen(path);
  if (::fstat(file.fd(), &st) != 0) return IoError("stat", path);
  MEMKV_TRY(regular());
  const auto size = static_cast<size_t>(st.st_size);
  if (size == 0) return Status::Corrupt("the file is empty");
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

#else

Status MapFile(const std::string& path, std::shared_ptr<const FstImage>* out) {
  std::FILE* f = std::fopen(path.c_str(), "rb");
  if (!f) return CannotOpen(path);
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

#endif

}  // namespace memkv
