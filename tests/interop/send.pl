# Sends what comes with Net::SMTP: host, port, mode, file of CAs, user, password, sender, recipients.
use strict;
use warnings;
use Authen::SASL;
use IO::Socket::SSL;
use Net::SMTP;

my ($host, $port, $mode, $ca, $user, $password, $sender, @recipients) = @ARGV;
binmode STDIN;
my $mail = do { local $/; <STDIN> };
my %tls = (SSL_ca_file => $ca);
my $smtp = Net::SMTP->new(
    $host, Port => $port, Hello => 'client.example', Timeout => 10, SSL => $mode eq 'implicit', %tls
) or die "connect: $@";
if ($mode eq 'starttls') {
    $smtp->starttls(%tls) or die 'starttls: ' . $smtp->message . " $@";
}
if ($user) {
    $smtp->auth($user, $password) or die 'auth: ' . $smtp->message;
}
$smtp->mail($sender) or die 'mail: ' . $smtp->message;
$smtp->recipient(@recipients) or die 'rcpt: ' . $smtp->message;
$smtp->data($mail) or die 'data: ' . $smtp->message;
$smtp->quit;
