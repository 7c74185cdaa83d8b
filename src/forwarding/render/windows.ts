// Renders for the DNS server of Windows: PowerShell that can be run again and again.

import { lines } from './lines.ts';
import type { Renderer } from './renderer.ts';

export const windows: Renderer = {
  title: 'Windows DNS Server',
  comment: '#',
  takesPorts: false,
  takesIpv6: true,
  render: ({ zones, targets }) => [
    {
      name: 'zones',
      place: 'PowerShell as administrator, on a DNS server; on one domain controller if there are several.',
      text: lines(
        '# Adds what is missing, and changes the targets where they differ.',
        "$ErrorActionPreference = 'Stop'",
        `$targets = @(${targets.map(({ address }) => `'${address}'`).join(', ')})`,
        '# Domain controllers share the forwarders through Active Directory. Other servers have no such scope.',
        '$scope = @{}',
        "if ((Get-CimInstance -ClassName Win32_ComputerSystem).DomainRole -ge 4) { $scope = @{ ReplicationScope = 'Forest' } }",
        '# Windows has no exceptions from validation: with a trust anchor of the root, names below a top-level domain',
        '# that does not exist cannot be validated. Get-DnsServerTrustAnchor -Name . must find none.',
        zones.flatMap((zone) => [
          '',
          `# ${zone}`,
          `$found = Get-DnsServerZone -Name '${zone}' -ErrorAction SilentlyContinue`,
          'if ($null -eq $found) {',
          `    Add-DnsServerConditionalForwarderZone -Name '${zone}' -MasterServers $targets -ForwarderTimeout 3 @scope`,
          "} elseif ($found.ZoneType -ne 'Forwarder') {",
          `    Write-Error -ErrorAction Continue 'This server has a zone ${zone} of its own: delete it if its names are to be forwarded'`,
          "} elseif ((@($found.MasterServers | ForEach-Object { $_.ToString() }) -join ',') -ne ($targets -join ',')) {",
          `    Set-DnsServerConditionalForwarderZone -Name '${zone}' -MasterServers $targets -ForwarderTimeout 3`,
          '}',
        ]),
      ),
    },
  ],
};
