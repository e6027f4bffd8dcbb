-- What changed between two crawls, by host: URLs that are only in the table crawl_after (new), only in crawl_before (gone), and in
-- both (kept). The set functions walk both tables at once, in key order, and skip what only one of them has.
WITH changes AS (
  SELECT memkv_host(key) AS host, 1 AS new, 0 AS gone, 0 AS kept FROM memkv_except('crawl_after', 'crawl_before')
  UNION ALL
  SELECT memkv_host(key), 0, 1, 0 FROM memkv_except('crawl_before', 'crawl_after')
  UNION ALL
  SELECT memkv_host(key), 0, 0, 1 FROM memkv_intersect('crawl_before', 'crawl_after')
)
SELECT host, sum(new) AS new, sum(gone) AS gone, sum(kept) AS kept
FROM changes
GROUP BY host
ORDER BY sum(new) + sum(gone) DESC, host
LIMIT 20;
