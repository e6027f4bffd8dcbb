// PatternWalk: a Search over a View with any automaton, behind one interface.

#ifndef MEMKV_EXT_PATTERN_WALK_H_
#define MEMKV_EXT_PATTERN_WALK_H_

#include <functional>
#include <memory>
#include <utility>

#include "core/query/pattern.h"
#include "core/query/search.h"
#include "core/view/cursor.h"

namespace memkv::sql {

class PatternWalk {
 public:
  virtual ~PatternWalk() = default;
  virtual bool Valid() const = 0;
  virtual void Next() = 0;
  virtual const ViewCursor& cursor() const = 0;
  virtual const Status& status() const = 0;
};

// A walk that stands on its first match.
template <Automaton A>
std::unique_ptr<PatternWalk> NewPatternWalk(ViewCursor cursor, A automaton, KeyRange keys,
                                            SearchClasses classes, SearchOrder order,
                                            std::function<bool()> poll) {
  class Walk : public PatternWalk {
   public:
    explicit Walk(Search<ViewCursor, A> search) : search_(std::move(search)) {}
    bool Valid() const override { return search_.Valid(); }
    void Next() override { search_.Next(); }
    const ViewCursor& cursor() const override { return search_.cursor(); }
    const Status& status() const override { return search_.status(); }
    Search<ViewCursor, A> search_;
  };
  auto walk = std::make_unique<Walk>(Search<ViewCursor, A>(std::move(cursor), std::move(automaton),
                                                           std::move(keys), classes, order));
  walk->search_.SetPoll(std::move(poll));
  walk->search_.Start();
  return walk;
}

}  // namespace memkv::sql

#endif  // MEMKV_EXT_PATTERN_WALK_H_
