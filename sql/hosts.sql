-- The twenty hosts with the most URLs.
SELECT memkv_host(key) AS host, count(*) AS urls
FROM urls
GROUP BY host
ORDER BY urls DESC, host
LIMIT 20;
