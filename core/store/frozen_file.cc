#include "core/store/frozen_file.h"

#include "core/store/view_source.h"

namespace memkv {

Status BuildImage(const View& view, size_t columns, const std::vector<IndexDef>& indexes,
                  const Rows::Poll& poll, std::shared_ptr<const FstImage>* out) {
  FstBuilder::Options options;
  options.columns = columns;
  options.indexes = indexes;
  options.poll = poll;
  options.expected_keys = view.size();
  options.previous = view.base();
  ViewSource source(view, columns);
  return FstBuilder::Build(&source, options, out);
}

Status WriteFrozenFile(const View& view, size_t columns, const std::vector<IndexDef>& indexes,
                       Bytes about, const std::string& path, const Rows::Poll& poll) {
  if (view.base() && view.delta().size() == 0)
    return WriteFile(view.base()->image(), about, path, poll);
  std::shared_ptr<const FstImage> merged;
  MEMKV_TRY(BuildImage(view, columns, indexes, poll, &merged));
  return WriteFile(*merged, about, path, poll);
}

Status OpenFrozenFile(const std::string& path, std::shared_ptr<const Fst>* out) {
  std::shared_ptr<const FstImage> image;
  MEMKV_TRY(MapFile(path, &image));
  return Fst::Open(std::move(image), out);
}

}  // namespace memkv
