// A view's rows as one file of the frozen engine (core/fst/format.h), and back.

#ifndef MEMKV_CORE_STORE_FROZEN_FILE_H_
#define MEMKV_CORE_STORE_FROZEN_FILE_H_

#include <memory>
#include <string>

#include "core/store/rows.h"

namespace memkv {

// The image of a view's rows, with the indexes of these columns.
Status BuildImage(const View& view, size_t columns, const std::vector<IndexDef>& indexes,
                  const Rows::Poll& poll, std::shared_ptr<const FstImage>* out);

// Writes the view, and `about` (what the rows are of; not looked at). What is not frozen is merged
// into the file alone. The file appears whole under its name or not at all.
Status WriteFrozenFile(const View& view, size_t columns, const std::vector<IndexDef>& indexes,
                       Bytes about, const std::string& path, const Rows::Poll& poll);

// Maps a file. A few ms, whatever its size: damage in the rows is found where it is met.
Status OpenFrozenFile(const std::string& path, std::shared_ptr<const Fst>* out);

}  // namespace memkv

#endif  // MEMKV_CORE_STORE_FROZEN_FILE_H_
