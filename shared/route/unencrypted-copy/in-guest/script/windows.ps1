# Copies one EBS volume of a running Windows host, the source, to another, the target, and reads the copy back.
# For Windows PowerShell 5.1 under SSM Run Command, below lines that set:
#   $UnlatchCase, $UnlatchSourceVolume, $UnlatchTargetVolume (vol-...), $UnlatchBytes (the size of both)
#   $UnlatchRunSeconds   what SSM gives the command
#   $UnlatchSparse       optional: blocks of zeros are not written, for a new EBS volume reads as zeros
#   $UnlatchWaitSeconds  optional: how long a volume that was just attached may take to appear
# INVARIANT: a byte is written only to the one disk that carries the target's volume id, is unused and is empty.

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

if (-not (Test-Path variable:UnlatchSparse)) { $UnlatchSparse = $false }
if (-not (Test-Path variable:UnlatchWaitSeconds)) { $UnlatchWaitSeconds = 20 }
$Clock = [Diagnostics.Stopwatch]::StartNew()
$ChunkBytes = 4MB
$Result = @{ sha256 = ''; targetSha256 = ''; bytes = [long]0; source = ''; target = ''; copied = $false; error = '' }

# A FileStream of .NET Framework opens no device by its name, only by a handle (CreateFile, "Physical Disks and
# Volumes"). Reads and writes of a disk's handle go past the cache: what is read back is what is on the disk.
function Add-DiskType {
  Add-Type -TypeDefinition @'
using System;
using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

public static class UnlatchDisk {
  [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
  static extern SafeFileHandle CreateFile(
    string name, uint access, uint share, IntPtr security, uint disposition, uint flags, IntPtr template);

  public static SafeFileHandle Open(string name, bool write) {
    SafeFileHandle handle = CreateFile(name, write ? 0xC0000000 : 0x80000000, 3, IntPtr.Zero, 3, 0, IntPtr.Zero);
    if (handle.IsInvalid) throw new Win32Exception(Marshal.GetLastWin32Error());
    return handle;
  }

  public static bool IsZero(byte[] bytes, int count) {
    for (int at = 0; at < count; at++) if (bytes[at] != 0) return false;
    return true;
  }
}
'@
}

function Assert-Time { if ($Clock.Elapsed.TotalSeconds -ge $Limit) { throw 'out of time' } }

# All that say they are the volume. An NVMe disk of EBS has the volume id, without its dash, in its serial number,
# vol0123456789abcdef0_00000001. (Amazon EC2 user guide, "Map NVMe disks on Amazon EC2 Windows instance to volumes").
function Get-Candidates([string]$Volume) {
  $pattern = '\Avol' + $Volume.Substring(4) + '(_[0-9]{8}\.?)?\z'
  Get-Disk | Where-Object { "$($_.SerialNumber)".Trim() -cmatch $pattern }
}

function Find-Disk([string]$Role, [string]$Volume) {
  if ($Volume -cnotmatch '\Avol-[0-9a-f]{8,17}\z') { throw 'invalid volume id' }
  while ($true) {
    $disks = @(Get-Candidates $Volume)
    if ($disks.Count -or $Clock.Elapsed.TotalSeconds -ge [int]$UnlatchWaitSeconds) { break }
    Assert-Time
    Update-HostStorageCache -ErrorAction Ignore
    Start-Sleep -Seconds 1
  }
  if ($disks.Count -gt 1) { throw "more than one disk says it is the $Role" }
  if ($disks.Count) { return $disks[0] }
  if (@(Get-Disk | Where-Object { "$($_.SerialNumber)" -clike 'vol*' }).Count) { throw "the $Role was not found" }
  throw "the $Role was not found: no disk here tells its volume id"
}

function Assert-Size([string]$Role, $Disk) {
  if ([long]$Disk.Size -ne [long]$UnlatchBytes) { throw "the $Role has $($Disk.Size) bytes instead of $UnlatchBytes" }
}

function Assert-Unused($Disk) {
  if ($Disk.IsReadOnly) { throw 'the target is read-only' }
  if ($Disk.IsBoot -or $Disk.IsSystem) { throw 'the target is in use' }
  $partitions = @(Get-CimInstance Win32_DiskPartition -Filter "DiskIndex=$($Disk.Number)")
  if ("$($Disk.PartitionStyle)" -ne 'RAW' -or $Disk.NumberOfPartitions -or $partitions.Count) {
    throw 'the target has partitions'
  }
}

function Open-Disk([int]$Number, [switch]$Write) {
  $handle = [UnlatchDisk]::Open("\\.\PhysicalDrive$Number", [bool]$Write)
  $access = if ($Write) { [IO.FileAccess]::ReadWrite } else { [IO.FileAccess]::Read }
  New-Object IO.FileStream -ArgumentList $handle, $access, 4096, $false
}

# Every file system and partition table marks the first or the last MiB, and so does a copy that an earlier run began.
function Assert-Empty($Stream) {
  $buffer = New-Object byte[] (1MB)
  foreach ($at in @(0, ([long]$UnlatchBytes - 1MB))) {
    [void]$Stream.Seek([long]$at, [IO.SeekOrigin]::Begin)
    $count = $Stream.Read($buffer, 0, $buffer.Length)
    if ($count -ne $buffer.Length -or -not [UnlatchDisk]::IsZero($buffer, $count)) { throw 'the target is not empty' }
  }
}

# Else Windows, which looks at a disk's partitions when it is told of them, could mount the copy and change it. That
# this is still the disk of that volume is asked again: numbers of disks change.
function Set-Offline($Disk) {
  if (-not $Disk.IsOffline) { Set-Disk -Number $Disk.Number -IsOffline $true }
  $now = @(Get-Candidates $UnlatchTargetVolume)
  if ($now.Count -ne 1 -or $now[0].Number -ne $Disk.Number) { throw 'the target is another disk' }
  if (-not $now[0].IsOffline) { throw 'the target cannot be taken offline' }
  Assert-Unused $now[0]
}

# Reads all of a disk, the next chunk while one is worked on: SHA-256, and what BLOCK does with (bytes, count).
function Read-Disk($Stream, [string]$Failure, [scriptblock]$Block) {
  # Of CNG, for where FIPS is enforced the managed one throws.
  $sha256 = New-Object Security.Cryptography.SHA256Cng
  $first = New-Object byte[] $ChunkBytes
  $second = New-Object byte[] $ChunkBytes
  $buffers = @($first, $second)
  $size = [long]$UnlatchBytes
  [void]$Stream.Seek([long]0, [IO.SeekOrigin]::Begin)
  $done = [long]0
  $turn = 0
  $reading = $Stream.ReadAsync($buffers[0], 0, [int][math]::Min([long]$ChunkBytes, $size))
  while ($done -lt $size) {
    Assert-Time
    $buffer = $buffers[$turn]
    $turn = 1 - $turn
    $count = 0
    try { $count = $reading.Result } catch { throw "$Failure at byte $done" }
    if ($count -le 0) { throw "$Failure at byte $done" }
    $left = $size - $done - $count
    if ($left -gt 0) { $reading = $Stream.ReadAsync($buffers[$turn], 0, [int][math]::Min([long]$ChunkBytes, $left)) }
    [void]$sha256.TransformBlock($buffer, 0, $count, $null, 0)
    [void](& $Block $buffer $count)
    $done += $count
  }
  [void]$sha256.TransformFinalBlock($buffers[0], 0, 0)
  [BitConverter]::ToString($sha256.Hash).Replace('-', '').ToLowerInvariant()
}

function Copy-Disk($Source, $Target) {
  $hash = Read-Disk $Source 'read error' {
    param($bytes, $count)
    try {
      if ($UnlatchSparse -and [UnlatchDisk]::IsZero($bytes, $count)) {
        [void]$Target.Seek([long]$count, [IO.SeekOrigin]::Current)
      } else { $Target.Write($bytes, 0, $count) }
    } catch { throw "write error at byte $($Result.bytes)" }
    $Result.bytes += $count
  }
  try { $Target.Flush($true) } catch { throw 'the copy cannot be flushed' }
  $hash
}

$streams = @()
try {
  if ($UnlatchCase -notmatch '\A[A-Za-z0-9][A-Za-z0-9-]*\z') { throw 'invalid case' }
  if ("$UnlatchBytes" -notmatch '\A[1-9][0-9]{6,14}\z' -or [long]$UnlatchBytes % 1MB) { throw 'invalid size' }
  if ("$UnlatchRunSeconds" -notmatch '\A[1-9][0-9]{0,8}\z') { throw 'invalid time limit' }
  if ($UnlatchSourceVolume -eq $UnlatchTargetVolume) { throw 'the target is the source' }
  $Limit = [int]$UnlatchRunSeconds * 0.98 - 2
  $source = Find-Disk 'source' $UnlatchSourceVolume
  $Result.source = "PhysicalDrive$($source.Number)"
  $target = Find-Disk 'target' $UnlatchTargetVolume
  $Result.target = "PhysicalDrive$($target.Number)"
  if ($source.Number -eq $target.Number) { throw 'the target is the source' }
  Assert-Size 'source' $source
  Assert-Size 'target' $target
  Assert-Unused $target

  Add-DiskType
  [Diagnostics.Process]::GetCurrentProcess().PriorityClass = 'BelowNormal'
  $found = Open-Disk $target.Number
  try { Assert-Empty $found } finally { $found.Dispose() }
  Set-Offline $target
  $from = Open-Disk $source.Number
  $streams += $from
  $to = Open-Disk $target.Number -Write
  $streams += $to
  [void]$to.Seek([long]0, [IO.SeekOrigin]::Begin)
  $Result.sha256 = Copy-Disk $from $to
  $Result.targetSha256 = Read-Disk $to 'the target cannot be read back' { }
  if ($Result.sha256 -cne $Result.targetSha256) { throw 'the target reads back otherwise' }
  $Result.copied = $true
} catch {
  $Result.error = $_.Exception.Message
} finally {
  foreach ($stream in $streams) { try { $stream.Dispose() } catch { } }
}

$problem = $Result.error -replace '[^A-Za-z0-9 .:-]', '' -replace '(?<=^.{100}).+', ''
if (-not $problem) { $problem = 'failed' }
$line = [ordered]@{
  case = "$UnlatchCase" -replace '[^A-Za-z0-9-]', ''
  sha256 = $Result.sha256
  targetSha256 = $Result.targetSha256
  bytes = $Result.bytes
  sourceDevice = $Result.source
  targetDevice = $Result.target
  copied = $Result.copied
}
if (-not $Result.copied) { $line.error = $problem }
[Console]::Out.WriteLine('unlatch-result ' + ($line | ConvertTo-Json -Compress))
exit $(if ($Result.copied) { 0 } else { 1 })
