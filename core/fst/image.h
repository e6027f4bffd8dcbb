// FstImage: the bytes of a frozen image, wherever they lie; and the image as a file.

#ifndef MEMKV_CORE_FST_IMAGE_H_
#define MEMKV_CORE_FST_IMAGE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/bytes.h"
#include "core/status.h"

namespace memkv {

class FstImage {
 public:
  virtual ~FstImage() = default;
  FstImage(const FstImage&) = delete;
  FstImage& operator=(const FstImage&) = delete;

  Bytes bytes() const { return bytes_; }
  // Mapped images are checked page by page when first read, others all at once when opened.
  bool mapped() const { return mapped_; }
  // kIo if the file behind a mapped image is no longer as long as it was. To be called before a
  // statement reads: touching a page that is gone is fatal to the process.
  virtual Status CheckSize() const { return {}; }

  // Whether all of it was checked by whoever read it, so that opening it need not do so again.
  bool checked() const { return checked_; }

  // An image that owns its bytes.
  static std::shared_ptr<const FstImage> Own(std::string bytes);
  // The same of bytes that were checked.
  static std::shared_ptr<const FstImage> Checked(std::string bytes);

 protected:
  FstImage(Bytes bytes, bool mapped, bool checked = false)
      : bytes_(bytes), mapped_(mapped), checked_(checked) {}

  Bytes bytes_;
  const bool mapped_, checked_;
};

// Opens the file of an image: mapped where the system can, else read. kCantOpen and kIo name the
// path and the reason.
Status MapFile(const std::string& path, std::shared_ptr<const FstImage>* out);

// Writes the image to a file that is wholly there or not at all (core/new_file.h).
Status WriteFile(const FstImage& image, const std::string& path);
// The same with a section kAbout that holds `about`, in the place of one that it may have; memory
// for that section alone. Polled every few ms; true stops it with kInterrupted. REQUIRES an image
// that Fst::Open() took.
Status WriteFile(const FstImage& image, Bytes about, const std::string& path,
                 const std::function<bool(uint64_t done, uint64_t total)>& poll);

}  // namespace memkv

#endif  // MEMKV_CORE_FST_IMAGE_H_
