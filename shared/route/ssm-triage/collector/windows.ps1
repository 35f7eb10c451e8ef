# Collects triage evidence of a Windows host, most volatile first (RFC 3227), and uploads it as one <case>.zip.
# For Windows PowerShell 5.1 under SSM Run Command, below lines that set:
#   $UnlatchCase, $UnlatchMaxBytes (of the archive), $UnlatchUploadUrl (`If-None-Match: *` signed; never printed)
#   $UnlatchMemoryTool  optional: path or https URL of a memory acquisition tool, called with the output file
#   $UnlatchRunSeconds  optional: what SSM gives the command: collecting may use 60 % of it
# The archive: <case>/collection.log, files/<drive>/<original path>, live/<collector>.txt, memory/image.raw.

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue' # its bar slows Invoke-WebRequest down
[Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor 3072 # TLS 1.2
Add-Type -AssemblyName System.IO.Compression.FileSystem
# Else names in the archive have backslashes; before .NET 4.6 there is no AppContext.
try { [AppContext]::SetSwitch('Switch.System.IO.Compression.ZipFile.UseBackslash', $false) } catch { }

if (-not (Test-Path variable:UnlatchRunSeconds)) { $UnlatchRunSeconds = 3600 }
$Clock = [Diagnostics.Stopwatch]::StartNew()
$MaxFileBytes = 64MB
$Utf8 = New-Object Text.UTF8Encoding $false
$Oem = [Text.Encoding]::GetEncoding([Globalization.CultureInfo]::CurrentCulture.TextInfo.OEMCodePage)
$Counts = @{ ok = 0; failed = 0; skipped = 0 }
$Result = @{ sha256 = ''; bytes = [long]0; uploaded = $false; error = '' }
$OutcomeOf = @{}
$Work = $null
$Stage = $null

function Write-Log([string]$Line) {
  [IO.File]::AppendAllText((Join-Path $Stage 'collection.log'), $Line + "`n", $Utf8)
}

# Prefixed: a newline in a name forges no line.
function Write-Note([string]$Text) {
  foreach ($line in ($Text -split "\r\n|\r|\n")) { Write-Log ('  | ' + $line) }
}

function Get-FreeBytes { (New-Object IO.DriveInfo ([IO.Path]::GetPathRoot($Work))).AvailableFreeSpace }

# What is left until PERCENT of the time are over, MOST at most.
function Limit-Seconds([int]$Percent = 60, [int]$Most = [int]::MaxValue) {
  $left = [math]::Floor([int]$UnlatchRunSeconds * $Percent / 100 - $Clock.Elapsed.TotalSeconds)
  if ($left -lt 1) { throw 'no time left' } # 0 would be no limit
  [int][math]::Min($Most, $left)
}

function New-Parent([string]$Path) { [void][IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($Path)) }

# One part of a collector, to live/<collector>.txt: its failure is noted, and the collector goes on.
function Save-Live([string]$Title, [scriptblock]$Block) {
  try {
    $path = Join-Path $Stage "live\$script:Collector.txt"
    New-Parent $path
    [IO.File]::AppendAllText($path, "> $Title`r`n" + (& $Block | Out-String -Width 4096) + "`r`n", $Utf8)
    $script:Got = $true
  } catch { $script:Bad = $true; Write-Note ($Title + ': ' + $_.Exception.Message) }
}

function Save-Class([string]$Class, [string[]]$Properties = '*', [string]$Namespace = 'root/cimv2') {
  Save-Live $Class {
    Get-CimInstance $Class -Namespace $Namespace -OperationTimeoutSec (Limit-Seconds) | Format-List $Properties
  }
}

# A program of the host, if there, killed when its time is over; output goes to files, for a full pipe would block.
function Save-Program([string]$File, [string[]]$Arguments, [int]$Seconds = 60) {
  $command = Get-Command $File -CommandType Application -ErrorAction Ignore | Select-Object -First 1
  if (-not $command) { return }
  $title = $File + ' ' + ($Arguments -join ' ')
  $out = Join-Path $Work 'out.txt'
  $err = Join-Path $Work 'err.txt'
  Save-Live $title {
    $Seconds = Limit-Seconds 60 $Seconds
    $options = @{ FilePath = $command.Path; NoNewWindow = $true; PassThru = $true }
    if ($Arguments.Count) { $options.ArgumentList = $Arguments } # an empty list is refused
    $process = Start-Process @options -RedirectStandardOutput $out -RedirectStandardError $err
    $null = $process.Handle # else the exit code is lost
    if (-not $process.WaitForExit($Seconds * 1000)) {
      $process.Kill()
      $process.WaitForExit()
      throw "no end after $Seconds seconds"
    }
    $process.WaitForExit()
    foreach ($file in $out, $err) { [IO.File]::ReadAllText($file, $Oem) }
    if ($process.ExitCode -ne 0) { 'exit ' + $process.ExitCode }
  }
}

# Copies one file with its times; links and big files are noted. All sharing: its owner may be writing.
function Save-File([string]$Path) {
  try {
    $file = [IO.FileInfo]$Path
    if (-not $file.Exists) { return }
    if ($file.Attributes -band 0x400) { Write-Note "link, not followed: $Path"; return }
    if ($file.Length -gt $MaxFileBytes) { Write-Note "not copied, $($file.Length) bytes: $Path"; return }
    $target = Join-Path $Stage ('files\' + ($file.FullName -replace ':', ''))
    New-Parent $target
    $source = [IO.File]::Open($file.FullName, 'Open', 'Read', 'ReadWrite, Delete')
    try {
      $copy = [IO.File]::Create($target)
      try { $source.CopyTo($copy) } finally { $copy.Dispose() }
    } finally { $source.Dispose() }
    [IO.File]::SetCreationTimeUtc($target, $file.CreationTimeUtc)
    [IO.File]::SetLastWriteTimeUtc($target, $file.LastWriteTimeUtc)
    $script:Got = $true
  } catch { $script:Bad = $true; Write-Note ($Path + ': ' + $_.Exception.Message) }
}

function Save-Files([string]$Directory) {
  Get-ChildItem -LiteralPath $Directory -Recurse -File -Force -ErrorAction Ignore |
    ForEach-Object { [void](Limit-Seconds); Save-File $_.FullName }
}

function Get-ProfileDirectories {
  Get-ChildItem 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList' |
    ForEach-Object { [string]$_.GetValue('ProfileImagePath') } |
    Where-Object { $_ -and (Test-Path -LiteralPath $_ -PathType Container) }
}

function Save-RegistryKeys([string]$Title, [string[]]$Keys) {
  Save-Live $Title {
    foreach ($key in $Keys) {
      foreach ($found in @(Get-Item -Path $key -ErrorAction Ignore)) {
        '[' + $found.Name + ']'
        foreach ($name in $found.GetValueNames()) { '{0} = {1}' -f $name, (@($found.GetValue($name)) -join ' ') }
        ''
      }
    }
  }
}

function Invoke-Collector([string]$Name, [scriptblock]$Block) {
  $script:Collector = $Name
  $script:Got = $false
  $script:Bad = $false
  $began = $Clock.Elapsed.TotalSeconds
  if ($began -gt [int]$UnlatchRunSeconds * 0.6 - 1) { Write-Note 'no time left' }
  elseif ((Get-FreeBytes) -le $Floor) { Write-Note 'no room left' }
  else { try { [void](& $Block) } catch { $script:Bad = $true; Write-Note $_.Exception.Message } }
  $outcome = 'skipped'
  $code = 77
  if ($script:Got) { $outcome = 'ok'; $code = 0 }
  if ($script:Bad) { $outcome = 'failed'; $code = 1 }
  $Counts[$outcome]++
  $OutcomeOf[$Name] = $outcome
  Write-Log ('{0} {1} {2} {3}' -f $Name, $outcome, [int]($Clock.Elapsed.TotalSeconds - $began), $code)
}

$Collectors = [ordered]@{
  memory = {
    if (-not $UnlatchMemoryTool) { return }
    $memory = [long](Get-CimInstance Win32_ComputerSystem).TotalPhysicalMemory
    if ((Get-FreeBytes) - 2 * $memory -lt $Floor) { Write-Note 'no room for twice the memory'; return }
    $tool = $UnlatchMemoryTool
    if ($tool -like 'https://*') {
      $tool = Join-Path $Work 'memory-tool.exe'
      Invoke-WebRequest -UseBasicParsing -Uri $UnlatchMemoryTool -OutFile $tool -TimeoutSec (Limit-Seconds)
    } elseif (-not [IO.Path]::IsPathRooted($tool)) { throw 'neither a path nor an https URL' }
    $image = Join-Path $Stage 'memory\image.raw'
    New-Parent $image
    Save-Program $tool @('"' + $image + '"') 1800
    if (-not (Test-Path -LiteralPath $image)) { throw 'the memory tool wrote no image' }
    $script:Got = $true
  }
  processes = {
    Save-Class Win32_Process ProcessId, ParentProcessId, SessionId, CreationDate, Name, ExecutablePath, CommandLine
    Save-Program tasklist.exe '/m', '/fo', 'csv' 120
  }
  sockets = {
    if (Get-Command Get-NetTCPConnection -ErrorAction Ignore) {
      Save-Live 'Get-NetTCPConnection' {
        Get-NetTCPConnection |
          Format-Table LocalAddress, LocalPort, RemoteAddress, RemotePort, State, OwningProcess, CreationTime -AutoSize
      }
      Save-Live 'Get-NetUDPEndpoint' {
        Get-NetUDPEndpoint | Format-Table LocalAddress, LocalPort, OwningProcess, CreationTime -AutoSize
      }
    } else { Save-Program netstat.exe '-ano' }
    Save-Program arp.exe '-a'
    Save-Program route.exe 'print'
  }
  'dns-cache' = { Save-Program ipconfig.exe '/displaydns' }
  sessions = {
    Save-Program quser.exe @()
    Save-Program net.exe 'session'
    Save-Class Win32_LogonSession LogonId, LogonType, StartTime
  }
  drivers = { Save-Class Win32_SystemDriver Name, State, StartMode, PathName }
  mounts = {
    Save-Class Win32_Volume DeviceID, DriveLetter, Label, FileSystem, Capacity, FreeSpace
    Save-Class Win32_Share Name, Path
  }
  services = { Save-Class Win32_Service Name, DisplayName, State, StartMode, StartName, ProcessId, PathName }
  'scheduled-tasks' = {
    Save-Program schtasks.exe '/query', '/v', '/fo', 'csv' 120
    Save-Files "$env:SystemRoot\System32\Tasks"
  }
  'run-keys' = {
    $keys = foreach ($hive in 'HKLM:', 'Registry::HKEY_USERS\*') {
      foreach ($software in 'SOFTWARE', 'SOFTWARE\WOW6432Node') {
        foreach ($leaf in 'Run', 'RunOnce', 'RunOnceEx', 'Policies\Explorer\Run') {
          "$hive\$software\Microsoft\Windows\CurrentVersion\$leaf"
        }
      }
    }
    $nt = 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
    Save-RegistryKeys 'Run keys' ($keys + @(
        "$nt\Winlogon",
        "$nt\Windows",
        "$nt\Image File Execution Options\*",
        'HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager',
        'HKLM:\SYSTEM\CurrentControlSet\Control\Lsa'))
    $roots = @($env:ProgramData) + @(Get-ProfileDirectories | ForEach-Object { "$_\AppData\Roaming" })
    foreach ($root in $roots) { Save-Files "$root\Microsoft\Windows\Start Menu\Programs\Startup" }
  }
  'wmi-subscriptions' = {
    foreach ($class in '__EventFilter', '__EventConsumer', '__FilterToConsumerBinding') {
      Save-Class $class '*' 'root/subscription'
    }
  }
  accounts = {
    Save-Live 'Win32_UserAccount' {
      Get-CimInstance Win32_UserAccount -Filter 'LocalAccount=True' |
        Format-List Name, SID, Disabled, Lockout, PasswordRequired, Description
    }
    Save-Program net.exe 'localgroup'
    # By its SID, for its name is translated.
    $administrators = Get-CimInstance Win32_Group -Filter "SID='S-1-5-32-544' AND LocalAccount=True"
    Save-Program net.exe @('localgroup', ('"' + $administrators.Name + '"'))
  }
  'event-logs' = {
    $sources = 'PowerShell', 'TaskScheduler', 'TerminalServices-LocalSessionManager'
    $logs = @('Security', 'System', 'Application') + @($sources | ForEach-Object { "Microsoft-Windows-$_/Operational" })
    foreach ($log in $logs) {
      $target = Join-Path $Stage ('live\event-logs\' + ($log -replace '/', '-') + '.evtx')
      New-Parent $target
      $size = 0
      try { $size = [long](Get-WinEvent -ListLog $log).FileSize } catch { continue }
      $arguments = @('epl', ('"' + $log + '"'), ('"' + $target + '"'))
      if ($size -gt 4 * $MaxFileBytes) {
        $arguments += '"/q:*[System[TimeCreated[timediff(@SystemTime) <= 86400000]]]"'
        Write-Note "the last day only, of $size bytes: $log"
      }
      Save-Program wevtutil.exe $arguments 300
    }
  }
  histories = {
    foreach ($directory in Get-ProfileDirectories) {
      Save-File "$directory\AppData\Roaming\Microsoft\Windows\PowerShell\PSReadLine\ConsoleHost_history.txt"
    }
  }
  software = { # not Win32_Product: to enumerate it starts repairs
    $roots = 'HKLM:\SOFTWARE', 'HKLM:\SOFTWARE\WOW6432Node', 'Registry::HKEY_USERS\*\SOFTWARE'
    $keys = $roots | ForEach-Object { "$_\Microsoft\Windows\CurrentVersion\Uninstall\*" }
    Save-RegistryKeys 'Uninstall keys' $keys
    Save-Class Win32_QuickFixEngineering HotFixID, InstalledOn, InstalledBy
  }
  prefetch = {
    $directory = Get-Item -LiteralPath "$env:SystemRoot\Prefetch" -ErrorAction Ignore
    if (-not $directory) { return }
    Save-Live 'Prefetch' { $directory.GetFiles() | Format-Table LastWriteTimeUtc, CreationTimeUtc, Length, Name }
  }
  containers = { Save-Program docker.exe 'ps', '-a', '--no-trunc' }
  'host-identity' = {
    Save-File "$env:SystemRoot\System32\drivers\etc\hosts"
    Save-Class Win32_OperatingSystem CSName, Caption, Version, BuildNumber, InstallDate, LastBootUpTime
    Save-Live 'date' { (Get-Date).ToUniversalTime().ToString('o') }
    Save-Program ipconfig.exe '/all'
  }
}

# 412: written by an earlier attempt; the reader compares the hashes.
function Send-Archive([string]$Path) {
  for ($attempt = 1; ; $attempt++) {
    $seconds = Limit-Seconds 98
    try {
      [void](Invoke-WebRequest -UseBasicParsing -Method Put -Uri $UnlatchUploadUrl -InFile $Path `
          -ContentType 'application/zip' -Headers @{ 'If-None-Match' = '*' } -TimeoutSec $seconds)
      return ''
    } catch {
      $status = 0
      $problem = $_.Exception
      if ($problem -is [Net.WebException] -and $problem.Response) { $status = [int]$problem.Response.StatusCode }
      if ($status -eq 412) { return 'exists' }
      if ($attempt -ge 4 -or ($status -ge 400 -and $status -lt 500)) {
        if ($status) { return "http $status" }
        return 'upload failed: ' + $problem.GetType().Name # its message may hold the URL
      }
      Start-Sleep -Seconds ([math]::Pow(2, $attempt))
    }
  }
}

function New-Archive([string]$Path) {
  foreach ($drop in 'none', 'memory', 'event-logs') {
    if ($drop -ne 'none') {
      $directory = if ($drop -eq 'memory') { "$Stage\memory" } else { "$Stage\live\event-logs" }
      if (-not (Test-Path -LiteralPath $directory)) { continue }
      Remove-Item -LiteralPath $directory -Recurse -Force
      Write-Log "$drop dropped: the archive is greater than $UnlatchMaxBytes bytes"
      if ($OutcomeOf[$drop] -eq 'ok') { $Counts.ok--; $Counts.skipped++ }
    }
    [IO.File]::Delete($Path)
    [IO.Compression.ZipFile]::CreateFromDirectory($Stage, $Path, [IO.Compression.CompressionLevel]::Fastest, $true)
    $Result.bytes = ([IO.FileInfo]$Path).Length
    if ($Result.bytes -le [long]$UnlatchMaxBytes) { return }
  }
  throw 'too large'
}

try {
  if ($UnlatchCase -notmatch '\A[A-Za-z0-9][A-Za-z0-9-]*\z') { throw 'invalid case' }
  if ("$UnlatchMaxBytes" -notmatch '\A[0-9]+\z') { throw 'invalid size limit' }
  if ("$UnlatchRunSeconds" -notmatch '\A[1-9][0-9]{0,8}\z') { throw 'invalid time limit' }
  if ($UnlatchUploadUrl -notmatch '\Ahttps?://\S+\z') { throw 'invalid URL' }
  $Work = Join-Path $env:SystemRoot ('Temp\unlatch-' + [guid]::NewGuid().ToString('N'))
  $Stage = Join-Path $Work $UnlatchCase
  [void][IO.Directory]::CreateDirectory($Stage)
  # Only SYSTEM and the administrators (by SID: their names are translated), whatever Temp allows.
  [void](& icacls.exe $Work /inheritance:r /grant '*S-1-5-18:(OI)(CI)F' /grant '*S-1-5-32-544:(OI)(CI)F')
  $Floor = [long]((Get-FreeBytes) / 2) # half of what was free stays free
  if ($Floor -lt $MaxFileBytes) { throw 'no room' }
  Write-Log ('# case {0}, begun {1:yyyy-MM-ddTHH:mm:ssZ}' -f $UnlatchCase, (Get-Date).ToUniversalTime())
  Write-Log '# collector outcome seconds exit-code'
  foreach ($name in $Collectors.Keys) { Invoke-Collector $name $Collectors[$name] }
  $archive = Join-Path $Work ($UnlatchCase + '.zip')
  New-Archive $archive
  $Result.sha256 = (Get-FileHash -LiteralPath $archive -Algorithm SHA256).Hash.ToLowerInvariant()
  $Result.error = Send-Archive $archive
  $Result.uploaded = $Result.error -eq ''
} catch {
  $Result.error = $_.Exception.Message
} finally {
  if ($Work) { Remove-Item -LiteralPath $Work -Recurse -Force -ErrorAction Ignore }
}

$problem = ($Result.error -replace 'https?://\S*', '' -replace '[^A-Za-z0-9 ._:-]', '' -replace '(?<=^.{100}).+', '')
if (-not $Result.uploaded -and -not $problem) { $problem = 'failed' }
$case = "$UnlatchCase" -replace '[^A-Za-z0-9-]', ''
$line = [ordered]@{ case = $case; sha256 = $Result.sha256; bytes = $Result.bytes; uploaded = $Result.uploaded }
if (-not $Result.uploaded) { $line.error = $problem }
$line.collectors = [ordered]@{ ok = $Counts.ok; failed = $Counts.failed; skipped = $Counts.skipped }
[Console]::Out.WriteLine('unlatch-result ' + ($line | ConvertTo-Json -Compress))
exit $(if ($Result.uploaded) { 0 } else { 1 })
