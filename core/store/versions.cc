#include "core/store/versions.h"

#include <map>
#include <mutex>

#include "core/store/merging.h"

namespace memkv {
namespace {

template <class T>
class Known {
 public:
  std::shared_ptr<const T> Find(const ContentName& name) {
    const std::lock_guard lock(mutex_);
    const auto at = known_.find(name);
    return at == known_.end() ? nullptr : at->second.lock();
  }

  std::shared_ptr<const T> Share(const ContentName& name, std::shared_ptr<const T> value,
                                 bool better = false) {
    std::shared_ptr<const T> there;  // its end, if this is its last holder, is not for the lock
    const std::lock_guard lock(mutex_);
    std::weak_ptr<const T>& at = known_[name];
    there = at.lock();
    if (there && !better) return there;
    at = value;
    return value;
  }

  void Forget(const ContentName& name) noexcept {
    const std::lock_guard lock(mutex_);
    const auto at = known_.find(name);
    if (at != known_.end() && at->second.expired()) known_.erase(at);
  }

 private:
  std::mutex mutex_;
  std::map<ContentName, std::weak_ptr<const T>> known_;
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

StoredVersion::~StoredVersion() { Contents().Forget(name); }

std::shared_ptr<const StoredVersion> FindVersion(const ContentName& name) {
  return Contents().Find(name);
}

std::shared_ptr<const StoredVersion> ShareVersion(std::shared_ptr<const StoredVersion> version,
                                                  bool better) {
  const ContentName name = version->name;
  return Contents().Share(name, std::move(version), better);
}

std::shared_ptr<const Fst> FindImage(const ContentName& name) { return Images().Find(name); }

std::shared_ptr<const Fst> ShareImage(const ContentName& name, std::shared_ptr<const Fst> fst) {
  // The image itself does not know its name: a holder around it forgets it when the last user
  // goes.
  struct Holder {
    ContentName name;
    std::shared_ptr<const Fst> fst;
    ~Holder() {
      fst.reset();
      Images().Forget(name);
    }
  };
  auto holder = std::make_shared<Holder>(Holder{name, std::move(fst)});
  return Images().Share(name, std::shared_ptr<const Fst>(holder, holder->fst.get()));
}

}  // namespace memkv
