-- Which extensions paths end in: what follows the last dot of the last segment, if it is short and of letters and digits.
WITH RECURSIVE
  paths AS (
    SELECT substr(key, 1, min(instr(key || '?', '?'), instr(key || '#', '#')) - 1) AS url FROM urls WHERE key LIKE '%://%/%'
  ),
  names AS (
    -- rtrim() by every character but '/' leaves what comes up to the last slash.
    SELECT substr(url, length(rtrim(url, replace(url, '/', ''))) + 1) AS name FROM paths
  ),
  types AS (
    SELECT lower(substr(name, length(rtrim(name, replace(name, '.', ''))) + 1)) AS type FROM names WHERE name LIKE '_%.%_'
  )
SELECT type, count(*) AS urls
FROM types
WHERE length(type) <= 5 AND type NOT GLOB '*[^0-9a-z]*'
GROUP BY type
ORDER BY urls DESC, type
LIMIT 20;
