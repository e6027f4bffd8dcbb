-- Of the table `captures` (see README.md): the pages that were captured most, with their first and last capture.
SELECT urlkey, count(*) AS captures, min(timestamp) AS first, max(timestamp) AS last
FROM captures
GROUP BY urlkey
ORDER BY captures DESC, urlkey
LIMIT 20;
