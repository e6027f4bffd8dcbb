require "sqlite3"

MODULE, SCRIPT, PATH = ARGV

def connect
  db = SQLite3::Database.new(PATH)
  db.enable_load_extension(true)
  db.load_extension(MODULE)
  db
end

db = connect
puts "# Ruby sqlite3 #{SQLite3::VERSION}, SQLite #{db.get_first_value('SELECT sqlite_version()')}"
File.foreach(SCRIPT, encoding: "UTF-8") do |sql|
  if sql.start_with?("-- reopen")
    db.close
    db = connect
    next
  end
  db.execute(sql) { |row| puts row.to_a.join("|") }
end
