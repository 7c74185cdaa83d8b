// Renders for Amazon Route 53 Resolver: for the AWS command line, and for Terraform.

import { type Address, familyOf } from '../../model/address.ts';
import { lines } from './lines.ts';
import type { Renderer } from './renderer.ts';
import { resourceName } from './resource-name.ts';

const limits = { comment: '#', takesPorts: true, takesIpv6: true, maxTargets: 6 } as const;
const maxName = 64;

function fieldOf(address: Address): 'Ip' | 'Ipv6' {
  return familyOf(address) === 'ipv6' ? 'Ipv6' : 'Ip';
}

export const route53: Renderer = {
  ...limits,
  title: 'Amazon Route 53 Resolver',
  render: ({ zones, targets }) => {
    const pairs = targets.map(({ address, port }) => `${fieldOf(address)}=${address},Port=${port}`);
    return [
      {
        name: 'zones',
        place: 'a POSIX shell with the aws command, and ENDPOINT (of an outbound endpoint: rslvr-out-…) and VPC set.',
        text: lines(
          'set -eu',
          '# forward ZONE NAME: creates the rule and gives it to the VPC, or changes the targets of an existing rule.',
          'forward() {',
          '  rule=$(aws route53resolver list-resolver-rules --output text --query "ResolverRules[0].Id" \\',
          '    --filters "Name=DomainName,Values=$1." Name=Type,Values=FORWARD)',
          '  if [ "$rule" = None ]; then',
          '    rule=$(aws route53resolver create-resolver-rule --output text --query ResolverRule.Id \\',
          '      --creator-request-id "$2-$(date +%s)" --name "$2" --rule-type FORWARD --domain-name "$1" \\',
          `      --resolver-endpoint-id "$ENDPOINT" --target-ips ${pairs.join(' ')})`,
          '    aws route53resolver associate-resolver-rule --resolver-rule-id "$rule" --vpc-id "$VPC"',
          '  else',
          '    aws route53resolver update-resolver-rule --resolver-rule-id "$rule" \\',
          `      --config "ResolverEndpointId=$ENDPOINT,TargetIps=[${pairs.map((pair) => `{${pair}}`).join(',')}]"`,
          '  fi',
          '}',
          zones.map((zone) => `forward ${zone} ${resourceName(zone, maxName)}`),
        ),
      },
    ];
  },
};

export const route53Terraform: Renderer = {
  ...limits,
  title: 'Amazon Route 53 Resolver, by Terraform',
  render: ({ zones, targets }) => [
    {
      name: 'zones',
      place: 'a file of the Terraform module, such as zonewright.tf.',
      text: lines(
        '# An outbound endpoint of Route 53 Resolver, from which the targets can be reached.',
        'variable "zonewright_resolver_endpoint_id" { type = string }',
        'variable "zonewright_vpc_id" { type = string }',
        zones.flatMap((zone) => {
          const name = resourceName(zone, maxName);
          return [
            '',
            `resource "aws_route53_resolver_rule" "${name}" {`,
            `  name                 = "${name}"`,
            `  domain_name          = "${zone}"`,
            '  rule_type            = "FORWARD"',
            '  resolver_endpoint_id = var.zonewright_resolver_endpoint_id',
            ...targets.flatMap(({ address, port }) => [
              '  target_ip {',
              `    ${fieldOf(address).toLowerCase()} = "${address}"`,
              `    port = ${port}`,
              '  }',
            ]),
            '}',
            `resource "aws_route53_resolver_rule_association" "${name}" {`,
            `  resolver_rule_id = aws_route53_resolver_rule.${name}.id`,
            '  vpc_id           = var.zonewright_vpc_id',
            '}',
          ];
        }),
      ),
    },
  ],
};
