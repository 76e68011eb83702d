# The application: Net::SMTP, told by its environment where to send by STARTTLS.
use strict;
use warnings;
use Net::SMTP;

my $smtp = Net::SMTP->new($ENV{SMTP_HOST}, Port => $ENV{SMTP_PORT}, Timeout => 10) or die "connect: $@";
$smtp->starttls(SSL_ca_file => $ENV{SMTP_CA_FILE}) or die 'starttls: ' . $smtp->message;
$smtp->auth($ENV{SMTP_USERNAME}, $ENV{SMTP_PASSWORD}) or die 'auth: ' . $smtp->message;
$smtp->mail('shop@example.com') or die 'mail: ' . $smtp->message;
$smtp->recipient($ARGV[0]) or die 'rcpt: ' . $smtp->message;
$smtp->data("From: shop\@example.com\nTo: $ARGV[0]\nSubject: Welcome\n\nPlease confirm.\n")
    or die 'data: ' . $smtp->message;
$smtp->quit;
