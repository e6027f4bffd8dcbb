-- Top-level domains by URLs, and how many hosts each has. The sort-friendly form of a URL (memkv_surt) begins with the host turned
-- round, com,example,www)/path, so that the top-level domain is what comes before its first comma. Hosts that are addresses or have
-- no dot count as one group each.
WITH sites AS (
  SELECT memkv_surt(key) AS surt, memkv_host(key) AS host FROM urls WHERE memkv_host(key) <> ''
)
SELECT CASE WHEN instr(surt, ',') BETWEEN 1 AND instr(surt, ')') THEN substr(surt, 1, instr(surt, ',') - 1)
            WHEN host GLOB '*[0-9]' OR host GLOB '[[]*' THEN '(address)'
            ELSE '(no domain)' END AS domain,
       count(*) AS urls,
       count(DISTINCT host) AS hosts
FROM sites
GROUP BY domain
ORDER BY urls DESC, domain
LIMIT 20;
