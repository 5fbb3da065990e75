# The other attacker of the race: directory and link, file and link trade places by renameat2(2) RENAME_EXCHANGE, with no gap between.
# Node has no such call; perl is on every Debian and can make any system call.
use strict;
use warnings;
use Config;

my ($root) = @ARGV;
chdir $root or die "chdir: $!";
my $RENAMEAT2 = $Config{archname} =~ /^aarch64/ ? 276 : 316;
my ($AT_FDCWD, $RENAME_EXCHANGE) = (-100, 2);
my $parent = getppid;

sub exchange {
    my ($one, $other) = @_;
    return syscall($RENAMEAT2, $AT_FDCWD, $one, $AT_FDCWD, $other, $RENAME_EXCHANGE) == 0;
}

exchange('x', 'x-link') or die "renameat2: $!";
setpriority(0, 0, getpriority(0, 0) + 5); # the side that is tested shall get its share of two cores
$| = 1;
print "swapping\n";
for (my $turn = 0; ; $turn++) {
    exchange('x', 'x-link');
    exchange('y.bin', 'y-link') if $turn % 3 == 0;
    exchange('z/inner', 'z-link') if $turn % 5 == 0;
    exit if $turn % 1000 == 0 && getppid != $parent;
}
