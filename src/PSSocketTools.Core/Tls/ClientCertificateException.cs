using System.Security.Authentication;

namespace PSSocketTools.Tls;

/// <summary>A server refused a client's certificate, or the lack of one.</summary>
/// <param name="message">Why, as a sentence for users.</param>
/// <param name="inner">The error of the handshake.</param>
internal sealed class ClientCertificateException(string message, Exception inner) : AuthenticationException(message, inner);
