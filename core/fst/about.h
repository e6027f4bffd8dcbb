// Adding a section kAbout to an image without copying the image.

#ifndef MEMKV_CORE_FST_ABOUT_H_
#define MEMKV_CORE_FST_ABOUT_H_

#include <string>

#include "core/bytes.h"
#include "core/status.h"

namespace memkv::fst {

// The new image is header | data | tail; the data are the old image's, borrowed.
struct AboutParts {
  std::string header;
  Bytes data;
  std::string tail;
};

// A section kAbout at the image's end is replaced. Of the data only the page before the new section
// is read: pages that are damaged stay known as such. kCorrupt if that page is, or if the header is
// not one that Fst::Open() takes.
Status AddAbout(Bytes image, Bytes about, AboutParts* out);

}  // namespace memkv::fst

#endif  // MEMKV_CORE_FST_ABOUT_H_
