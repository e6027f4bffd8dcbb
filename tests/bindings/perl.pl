use strict;
use warnings;
use utf8;
use open qw(:std :encoding(UTF-8));
use DBI;
use DBD::SQLite;

my ($module, $script, $path) = @ARGV;

sub connect_to {
    my $db = DBI->connect("dbi:SQLite:dbname=$path", "", "", {RaiseError => 1, sqlite_unicode => 1});
    $db->sqlite_enable_load_extension(1);
    $db->sqlite_load_extension($module);
    return $db;
}

my $db = connect_to();
print "# Perl DBD::SQLite $DBD::SQLite::VERSION, SQLite $DBD::SQLite::sqlite_version\n";
open my $lines, "<", $script or die "$script: $!";
while (my $sql = <$lines>) {
    if ($sql =~ /^-- reopen/) {
        $db->disconnect;
        $db = connect_to();
        next;
    }
    my $statement = $db->prepare($sql);
    $statement->execute;
    next unless $statement->{NUM_OF_FIELDS};
    print join("|", @$_), "\n" for @{$statement->fetchall_arrayref};
}
