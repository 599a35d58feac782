// The API doesn't see the first part of the path, by which the distribution knows it.
function stripPrefix(event) {
    var request = event.request;
    var rest = request.uri.indexOf('/', 1);
    request.uri = rest === -1 ? '/' : request.uri.substring(rest);
    return request;
}
