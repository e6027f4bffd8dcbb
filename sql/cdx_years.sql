-- Of the table `captures`: how many captures each year has, by counts alone, from the index of timestamps.
WITH RECURSIVE years(year) AS (
  SELECT CAST(substr(min(timestamp), 1, 4) AS INTEGER) FROM captures
  UNION ALL
  SELECT year + 1 FROM years WHERE year < (SELECT CAST(substr(max(timestamp), 1, 4) AS INTEGER) FROM captures)
)
SELECT year, memkv_count('captures', 'by_time', CAST(year AS TEXT), CAST(year + 1 AS TEXT)) AS captures
FROM years
ORDER BY year;
