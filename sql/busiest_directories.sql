-- Where most URLs are: from all keys down, a directory at a time, as long as a directory holds at least one in twenty of them.
-- memkv_facets counts each directory without visiting the URLs in it, so that this takes milliseconds whatever the size of the set.
WITH RECURSIVE busy(directory, urls, level) AS (
  SELECT '', memkv_count('urls'), 0
  UNION ALL
  SELECT f.prefix, f.count, busy.level + 1
  FROM busy, memkv_facets('urls', busy.directory, '/') AS f
  WHERE f.leaf = 0 AND f.count * 20 >= memkv_count('urls') AND busy.level < 8
)
SELECT directory, urls, printf('%.1f', 100.0 * urls / memkv_count('urls')) AS percent
FROM busy
WHERE level > 0 AND directory GLOB '*//*/'
ORDER BY urls DESC, directory;
