# Runs a script in a runspace of its own, beside the test. It gets $Queue, to tell the test how far it is, and $Values.
# Dot-source it in BeforeAll; Clear-Beside in AfterEach ends what a test left running.

$script:beside = [Collections.Generic.List[object]]::new()

function Start-Beside {
    param([Parameter(Mandatory)] [scriptblock] $Script, [hashtable] $Values = @{})
    $queue = [Collections.Concurrent.BlockingCollection[object]]::new()
    $shell = [powershell]::Create()
    $null = $shell.AddScript("param(`$Manifest, `$Queue, `$Values) Import-Module `$Manifest; $Script").
        AddArgument("$PSScriptRoot/../../PSSocketTools.psd1").AddArgument($queue).AddArgument($Values)
    $running = [pscustomobject]@{ Shell = $shell; Queue = $queue; Result = $shell.BeginInvoke() }
    $script:beside.Add($running)
    $running
}

# The next thing the script told.
function Receive-Beside {
    param([Parameter(Mandatory)] $Running)
    $told = $null
    if (-not $Running.Queue.TryTake([ref] $told, 20000)) {
        throw "The script beside the test told nothing: $($Running.Shell.Streams.Error)"
    }
    $told
}

# What the script gives out in all, when it has come to its end.
function Wait-Beside {
    param([Parameter(Mandatory)] $Running)
    if (-not $Running.Result.AsyncWaitHandle.WaitOne(20000)) { throw 'The script beside the test does not end.' }
    $Running.Shell.EndInvoke($Running.Result)
}

# Ctrl+C; how long it took.
function Stop-Beside {
    param([Parameter(Mandatory)] $Running)
    $watch = [Diagnostics.Stopwatch]::StartNew()
    $Running.Shell.Stop()
    $watch.Elapsed
}

function Clear-Beside {
    foreach ($running in $script:beside) {
        $running.Shell.Stop()
        $running.Shell.Runspace.Dispose()
        $running.Shell.Dispose()
    }
    $script:beside.Clear()
}
