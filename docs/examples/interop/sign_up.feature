Feature: Signing up

  Scenario: The usual port is blocked
    Given port 587 is blocked
    When ada@example.org signs up
    Then ada@example.org has a mail that came by port 2525
