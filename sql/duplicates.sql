-- URLs that are one page under several names: they differ by scheme (http, https), by a leading "www." or by a trailing slash only.
-- The sort-friendly form (memkv_surt) leaves the scheme out and puts "www" last in the host, so that what is left is easy to cut.
WITH pages AS (
  SELECT rtrim(replace(memkv_surt(key), ',www)', ')'), '/') AS page, key FROM urls WHERE memkv_host(key) <> ''
)
SELECT count(*) AS names, min(key) AS first_name, max(key) AS last_name
FROM pages
GROUP BY page
HAVING count(*) > 1
ORDER BY names DESC, first_name
LIMIT 20;
