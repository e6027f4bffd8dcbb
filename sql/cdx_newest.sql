-- Of the table `captures`: the newest good capture of each page before 2021, by one seek for each page.
SELECT p.urlkey, c.timestamp, c.mime
FROM (SELECT DISTINCT urlkey FROM captures) AS p
JOIN captures AS c ON c.urlkey = p.urlkey AND c.timestamp = (
  SELECT timestamp FROM captures
  WHERE urlkey = p.urlkey AND timestamp < '2021' AND status = 200
  ORDER BY timestamp DESC LIMIT 1)
ORDER BY p.urlkey
LIMIT 20;
