import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.StringJoiner;
import org.sqlite.SQLiteConfig;

public class Jdbc {
  static Connection connect(String path, String module) throws Exception {
    SQLiteConfig config = new SQLiteConfig();
    config.enableLoadExtension(true);
    Connection db = DriverManager.getConnection("jdbc:sqlite:" + path, config.toProperties());
    try (var load = db.prepareStatement("SELECT load_extension(?)")) {
      load.setString(1, module);
      load.execute();
    }
    return db;
  }

  public static void main(String[] args) throws Exception {
    var out = new PrintStream(System.out, true, "UTF-8");
    Connection db = connect(args[2], args[0]);
    out.println("# Java sqlite-jdbc " + db.getMetaData().getDriverVersion() + ", SQLite "
        + db.getMetaData().getDatabaseProductVersion());
    for (String sql : Files.readAllLines(Path.of(args[1]))) {
      if (sql.startsWith("-- reopen")) {
        db.close();
        db = connect(args[2], args[0]);
        continue;
      }
      try (Statement statement = db.createStatement()) {
        if (!statement.execute(sql)) continue;
        ResultSet rows = statement.getResultSet();
        while (rows.next()) {
          var row = new StringJoiner("|");
          for (int i = 1; i <= rows.getMetaData().getColumnCount(); ++i) row.add(rows.getString(i));
          out.println(row);
        }
      }
    }
    db.close();
  }
}
