// Whether an outer join may be about, where SQLite does not say so.
//
// Before 3.51.0 a table is offered terms of the ON of `t LEFT JOIN o ON t.key LIKE 'a%'` as if they
// stood in the WHERE (ext/sqlite_version.h): a walk that they narrow drops rows of t that the join
// keeps. xBestIndex cannot tell the two apart, as the statement that is prepared has no text yet.
// But whoever runs has one: the join is written in the text of a running statement, or of a view or
// trigger, which are looked at when a plan is made, or first run. So these terms are claimed
// without omit; where no outer join can be about the walk narrows by them, else it gives every row
// and leaves them to SQLite.

#ifndef MEMKV_EXT_OUTER_JOIN_H_
#define MEMKV_EXT_OUTER_JOIN_H_

#include <string_view>

#include "ext/plan/plan.h"
#include "ext/vtab.h"

namespace memkv::sql {

// Whether SQL holds the words of an outer join: "join", and "left", "right" or "full", anywhere.
bool NamesOuterJoin(std::string_view sql);

// Whether SQL may have a table's LIKE in the ON of a RIGHT or FULL JOIN, by the same measure.
bool NamesLikeOfRightJoin(std::string_view sql);

// To be asked in xFilter: of the statements that run.
bool OuterJoinMayRun(sqlite3* db);

// Whether LIKE or GLOB 'abc%', beside its bounds and claimed with omit, may go wrong where an outer
// join is about. `folds`: a LIKE that folds case.
//
// Where SQLite is built with LIKE_DOESNT_MATCH_BLOBS (as Debian's is), it has a slip of its own on
// every version up to 3.53 at least: a folding LIKE of an ON whose check it was told to omit it
// checks after all, when a row of the left table that met no other has been filled up with NULLs,
// and drops that row. (Its own tables with NOCASE columns lose such rows too.) It drops rows of the
// right table as well, for which it walks without the terms of the ON. Either happens though the
// pattern's walk never ran: of a RIGHT JOIN where the left table has no rows (MayRunUnseen()), of a
// LEFT JOIN where an IN beside the pattern has no values (Candidate::CheckSkippedPattern()).
//
// Where it is not, and terms of ON are offered, the bounds may be those of a WHERE that the user
// wrote: these leave out BLOBs, which the pattern of an ON would match.
bool PatternsMaySlip(bool folds);

// Whether the plan has a term that may slip, and the statement run without a walk of it.
bool MayRunUnseen(const Plan& plan);

}  // namespace memkv::sql

#endif  // MEMKV_EXT_OUTER_JOIN_H_
