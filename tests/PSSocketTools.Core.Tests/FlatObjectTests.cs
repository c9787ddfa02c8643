using System.Reflection;
using Xunit;

namespace PSSocketTools.Tests;

/// <summary>
/// What users are given is flat: each property goes to a table, to CSV and to JSON as one field, and through a remoting hop as what it
/// is. An enumeration would come out of a hop as a number, a DateTimeOffset or a TimeSpan as what can't be sorted or read.
/// </summary>
public sealed class FlatObjectTests
{
    private static readonly Type[] Flat = [typeof(string), typeof(int), typeof(long), typeof(double), typeof(bool), typeof(DateTime), typeof(byte[])];

    // A message is text or bytes, as it was asked for; a histogram is a list, drawn by the view of its measurement; what a responder keeps is
    // in nobody's table.
    private static readonly string[] Others = ["SocketMessage.Message", "SocketMessage.Response", "EchoMeasurement.Histogram", "ReceivedMessage.State"];

    private static readonly PropertyInfo[] Properties =
    [
        .. new[]
        {
            typeof(EchoServer), typeof(EchoConnection), typeof(EchoServerFault), typeof(ServerEvent), typeof(EchoSession), typeof(SocketMessage), typeof(PortAvailability), typeof(PortHolder), typeof(PortHistory), typeof(EchoMeasurement),
            typeof(LatencyBucket), typeof(ReceivedMessage),
        }.SelectMany(static type => type.GetProperties(BindingFlags.Public | BindingFlags.Instance)),
    ];

    [Fact]
    public void A_property_is_a_string_a_number_a_Boolean_a_DateTime_or_bytes() =>
        Assert.Equal(Others, Properties.Where(static property => !Flat.Contains(ValueType(property))).Select(NameOf));

    [Fact]
    public void A_double_is_in_milliseconds_a_rate_or_a_percentage()
    {
        var fractions = Properties.Where(static property => ValueType(property) == typeof(double)).Select(NameOf).ToArray();
        Assert.NotEmpty(fractions);
        Assert.All(fractions, static name => Assert.Matches("(Milliseconds|PerSecond|Rate|Percent)$", name));
    }

    [Fact]
    public void A_Timestamp_has_a_TimestampUtc_of_the_same_moment()
    {
        string[] stamped = ["ServerEvent", "SocketMessage", "PortAvailability", "ReceivedMessage"];
        Assert.Equal(
            stamped.SelectMany<string, (string, Type)>(static name => [(name + ".Timestamp", typeof(DateTime)), (name + ".TimestampUtc", typeof(string))]),
            Properties.Where(static property => property.Name.StartsWith("Timestamp", StringComparison.Ordinal))
                .Select(static property => (NameOf(property), property.PropertyType)));
    }

    private static string NameOf(PropertyInfo property) => $"{property.DeclaringType!.Name}.{property.Name}";

    private static Type ValueType(PropertyInfo property) => Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
}
