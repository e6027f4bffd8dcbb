#include "core/store/versions.h"

#include <map>
#include <mutex>

namespace memkv {
namespace {

template <class T>
class Known {
 public:
  std::shared_ptr<const T> Find(const Generation& generation) {
    const std::lock_guard lock(mutex_);
    const auto at = known_.find(generation);
    return at == known_.end() ? nullptr : at->second.lock();
  }

  std::shared_ptr<const T> Share(const Generation& generation, std::shared_ptr<const T> value,
                                 bool better = false) {
    const std::lock_guard lock(mutex_);
    std::weak_ptr<const T>& at = known_[generation];
    if (std::shared_ptr<const T> there = at.lock(); there && !better) return there;
    at = value;
    return value;
  }

  void Forget(const Generation& generation) noexcept {
    const std::lock_guard lock(mutex_);
    const auto at = known_.find(generation);
    if (at != known_.end() && at->second.expired()) known_.erase(at);
  }

 private:
  std::mutex mutex_;
  std::map<Generation, std::weak_ptr<const T>> known_;
};

// They outlive every connection, whatever is destroyed last.
Known<StoredVersion>& Contents() {
  static auto* contents = new Known<StoredVersion>;
  return *contents;
}
Known<Fst>& Images() {
  static auto* images = new Known<Fst>;
  return *images;
}

}  // namespace

StoredVersion::~StoredVersion() { Contents().Forget(generation); }

std::shared_ptr<const StoredVersion> FindVersion(const Generation& generation) {
  return Contents().Find(generation);
}

std::shared_ptr<const StoredVersion> ShareVersion(std::shared_ptr<const StoredVersion> version,
                                                  bool better) {
  const Generation generation = version->generation;
  return Contents().Share(generation, std::move(version), better);
}

std::shared_ptr<const Fst> FindImage(const Generation& id) { return Images().Find(id); }

std::shared_ptr<const Fst> ShareImage(const Generation& id, std::shared_ptr<const Fst> fst) {
  // The image itself does not know its id: a holder around it forgets it when the last user
  // goes.
  struct Holder {
    Generation id;
    std::shared_ptr<const Fst> fst;
    ~Holder() {
      fst.reset();
      Images().Forget(id);
    }
  };
  auto holder = std::make_shared<Holder>(Holder{id, std::move(fst)});
  return Images().Share(id, std::shared_ptr<const Fst>(holder, holder->fst.get()));
}

}  // namespace memkv
